import type { Attributes, DeadLetterReason } from "@anytopic/core";

/** A published event, as its subscriptions get it: decoded from the bytes that were published. */
export interface PublishedEvent<Event = unknown> {
  readonly id: string;
  readonly topic: string;
  readonly event: Event;
  readonly attributes: Attributes;
  /** The `expiresAt` of its publish. */
  readonly expiresAt: Date | undefined;
  readonly orderingKey: string | undefined;
  readonly publishTime: Date;
}

/**
 * How an attempt ended. `"acked"`: it succeeded. `"retried"`: it failed, and its retry is due at `retryAt`. `"dead-lettered"`: its
 * letter is stored, see `because`. `"released"`: the message was given back, and no attempt was spent. `"lost"`: the message belonged
 * to another worker before the attempt ended.
 */
export type AttemptOutcome = "acked" | "retried" | "dead-lettered" | "released" | "lost";

/** One attempt that has ended. */
export interface EndedAttempt {
  readonly topic: string;
  readonly subscription: string;
  readonly id: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  /** In virtual time. */
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly outcome: AttemptOutcome;
  /** Only for `"retried"`: when the retry is due. */
  readonly retryAt: Date | undefined;
  /** Only for `"retried"`: how long it waits, in ms. */
  readonly delayMs: number | undefined;
  /** Only for `"dead-lettered"`. */
  readonly because: DeadLetterReason | undefined;
  /** What the handler threw, or why the attempt ended. */
  readonly error: unknown;
}

/** An attempt, with the event that it was given. */
export interface HandledEvent<Event = unknown> extends EndedAttempt {
  /** `undefined` when the body could not be decoded, or did not match the schema. */
  readonly event: Event | undefined;
}

/** A retry that is not due yet. */
export interface DelayedRetry {
  readonly topic: string;
  readonly subscription: string;
  readonly id: string;
  /** The number of the attempt that is due. */
  readonly attempt: number;
  readonly dueAt: Date;
}

/** A message that waits until the test lets it be delivered. */
export interface WaitingMessage {
  readonly topic: string;
  readonly subscription: string;
  readonly id: string;
  readonly attempt: number;
}
