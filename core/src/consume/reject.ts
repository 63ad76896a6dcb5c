import { isBranded, isInstance, mark, REJECT_BRAND } from "../base/brand.ts";

/**
 * Thrown by a handler for a message that can never succeed: it is dead-lettered at once. The error's message is the reason in the
 * dead-letter record: `throw new Reject("unknown account")`. Thrown, not returned.
 */
export class Reject extends Error {
  override readonly name = "Reject";

  /** True also for an instance that another copy of this package has made. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(Reject, this, REJECT_BRAND, value);
  }

  static {
    mark(this, REJECT_BRAND);
  }
}

/** Whether a value is a `Reject`, of any copy of this package. */
export function isReject(value: unknown): value is Reject {
  return isBranded(REJECT_BRAND, value);
}
