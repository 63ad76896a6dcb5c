import type { Attributes } from "./message.ts";

/**
 * Why a message was dead-lettered. `"rejected"`: a handler threw `Reject`. `"retries-exhausted"`: its last permitted
 * attempt failed. `"undecodable"`: the codec could not read the body. `"invalid"`: the schema refused it.
 * `"backstop"`: the broker itself gave up on it, because workers kept dying.
 */
export type DeadLetterReason = "rejected" | "retries-exhausted" | "undecodable" | "invalid" | "backstop";

/** A message in a dead-letter queue, with what is known of its failure. */
export interface DeadLetter {
  /** As handlers see it, see `HandlerContext.id`. */
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTime: Date;
  readonly reason: DeadLetterReason;
  readonly errorName: string;
  /** Cut at 500 characters. */
  readonly errorMessage: string;
  /** How many attempts were made. */
  readonly attempts: number;
  /** Undefined when the worker that saw the first failure is not the one that saw the last. */
  readonly firstFailureTime: Date | undefined;
  readonly lastFailureTime: Date;
  /** `topic/subscription`. */
  readonly subscription: string;
}
