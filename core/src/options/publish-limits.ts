import { kindOf } from "../base/shown.ts";
import type { NumberLimits } from "./option-checks.ts";

/** How many publishes may be under way for each topic, how long one may take, and what signs their ids. */
export interface PublishLimits {
  /** Pending publishes per topic; further ones wait. 1 to 100,000. @default 1000 */
  readonly maxPending?: number | undefined;
  /** Publishes per topic that wait until fewer than `maxPending` are pending; further ones reject with `RESOURCE_EXHAUSTED`. 0 to 10,000,000. @default 100,000 */
  readonly maxWaiting?: number | undefined;
  /** How long a publish may take, in ms; 100 to 600,000. After that it rejects with `TIMEOUT`, and may have happened. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Signs the ids of all messages: `publish` returns and handlers receive `<id>.<signature>`. Without it, a publisher that can
   * guess an id can use it first, and the real message is dropped as a duplicate. Every publisher of a deployment needs the same
   * secret, 32 to 256 characters, and nobody else may know it. A repeated publish is still recognised. An id given to `publish`
   * then has at most 105 characters. @default ids are not signed
   */
  readonly idSecret?: string | undefined;
}

export const PUBLISH_LIMITS: Readonly<Record<Exclude<keyof PublishLimits, "idSecret">, NumberLimits>> = {
  maxPending: { min: 1, max: 100_000, default: 1000 },
  maxWaiting: { min: 0, max: 10_000_000, default: 100_000 },
  timeoutMs: { min: 100, max: 600_000, unit: "ms", default: 30_000 },
};

/**
 * The lengths of `idSecret`, in characters. The minimum is the length of SHA-256's output: a shorter key weakens the signature
 * (RFC 2104 §3, https://www.rfc-editor.org/rfc/rfc2104, read 2026-11-26).
 */
export const ID_SECRET_LENGTH: { readonly min: number; readonly max: number } = { min: 32, max: 256 };

/** Ends the sentence "must be …". */
export const ID_SECRET_WORDS: string = `text of ${ID_SECRET_LENGTH.min} to ${ID_SECRET_LENGTH.max} characters, best random ones`;

/** @throws TypeError that does not show the secret */
export function requireSecret(secret: unknown): string {
  const must = `must be ${ID_SECRET_WORDS}`;
  if (typeof secret !== "string") throw new TypeError(`publish.idSecret is ${kindOf(secret)}: ${must}`);
  if (secret.length >= ID_SECRET_LENGTH.min && secret.length <= ID_SECRET_LENGTH.max) return secret;
  throw new TypeError(`publish.idSecret has ${secret.length} characters: ${must}`);
}
