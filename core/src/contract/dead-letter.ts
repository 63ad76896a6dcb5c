import type { Attributes } from "./message.ts";

/**
 * Why a message was dead-lettered. `"rejected"`: a handler threw `Reject`. `"retries-exhausted"`: its last permitted
 * attempt failed. `"undecodable"`: the codec could not read the body. `"invalid"`: the schema refused the event.
 * `"expired"`: it was not handled before its `expiresAt`, and the subscription says `onExpired: "dead-letter"`. `"backstop"`: the
 * broker's own delivery limit was reached, because workers died again and again.
 */
export type DeadLetterReason = "rejected" | "retries-exhausted" | "undecodable" | "invalid" | "expired" | "backstop";

/** A message in a dead-letter queue, with the record of its failure. */
export interface DeadLetter {
  /** The id that handlers see, see `HandlerContext.id`. */
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTime: Date;
  /** When the message expires or has expired; `undefined` when it does not. Redrive removes it, so that the message is handled. */
  readonly expiresAt: Date | undefined;
  readonly reason: DeadLetterReason;
  readonly errorName: string;
  /** At most 500 characters. */
  readonly errorMessage: string;
  /** How many attempts the message had; 0 when the record does not say. */
  readonly attempts: number;
  /** `undefined` when another worker than that of the last failure saw the first one. */
  readonly firstFailureTime: Date | undefined;
  readonly lastFailureTime: Date;
  /** `topic/subscription`. */
  readonly subscription: string;
}
