import { isBranded, isInstance, mark, REJECT_BRAND } from "../base/brand.ts";

/**
 * Thrown by a handler: this message will never succeed, dead-letter it now. Its message, the reason, goes into the
 * dead-letter record: `throw new Reject("unknown account")`.
 */
export class Reject extends Error {
  override readonly name = "Reject";

  /** Also one that another copy of this package has made. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(Reject, this, REJECT_BRAND, value);
  }

  static {
    mark(this, REJECT_BRAND);
  }
}

/** Whether a handler threw `Reject`, of whatever copy of this package. */
export function isReject(value: unknown): value is Reject {
  return isBranded(REJECT_BRAND, value);
}
