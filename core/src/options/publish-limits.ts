import { type NumberLimits } from "./option-checks.ts";

export interface PublishLimits {
  /** Publishes under way per topic; further ones wait. 1 to 100,000. @default 1000 */
  readonly maxPending?: number | undefined;
  /** Publishes that wait for a place per topic; further ones reject with `RESOURCE_EXHAUSTED`. 0 to 10,000,000. @default 100,000 */
  readonly maxWaiting?: number | undefined;
  /** How long a publish may take, in ms; then it rejects with `TIMEOUT` and may have happened. 100 to 600,000. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Signs the ids of all messages: what is sent, returned and handed to handlers is `<id>.<signature>`. Whoever may publish
   * to a topic can otherwise suppress another's message by taking its id first, where ids can be guessed. Give every
   * publisher of the deployment the same secret, 32 to 256 characters, and keep it from everybody else; a repeated publish
   * is then recognised as before. Ids that a caller brings have at most 105 characters. @default ids are not signed
   */
  readonly idSecret?: string | undefined;
}

export const PUBLISH_LIMITS: Readonly<Record<Exclude<keyof PublishLimits, "idSecret">, NumberLimits>> = {
  maxPending: { min: 1, max: 100_000, default: 1000 },
  maxWaiting: { min: 0, max: 10_000_000, default: 100_000 },
  timeoutMs: { min: 100, max: 600_000, unit: "ms", default: 30_000 },
};

/**
 * The lengths of `idSecret`, in characters. The least is that of SHA-256's output, below which a key weakens the signature
 * (RFC 2104 §3, https://www.rfc-editor.org/rfc/rfc2104, read 2026-11-26).
 */
export const ID_SECRET_LENGTH: { readonly min: number; readonly max: number } = { min: 32, max: 256 };

/** Ends the sentence "must be …". */
export const ID_SECRET_WORDS: string = `text of ${ID_SECRET_LENGTH.min} to ${ID_SECRET_LENGTH.max} characters, best random ones`;
