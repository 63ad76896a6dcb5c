import type { HandlerContext } from "../handler-context.ts";
import type { SubscribeOptions } from "../worker.ts";

/** How messages are collected for a batch handler. */
export interface BatchOptions {
  /** The largest number of messages of one call; 1 to 10,000. */
  readonly maxMessages: number;
  /**
   * How long the first message of a batch waits for others, in ms; 1 to 60,000. When that time has passed, or when the batch is full, the
   * handler starts as soon as one of `maxConcurrency` places is free. @default 100
   */
  readonly maxWaitMs?: number | undefined;
}

/** How a worker with a batch handler receives. */
export interface BatchSubscribeOptions extends Omit<SubscribeOptions, "batch"> {
  /** How messages are collected for one call of the handler. */
  readonly batch: BatchOptions;
}

/**
 * How one message of a batch ended. `"ack"` acknowledges it. An error is what a handler of one message would have thrown: a `Reject`
 * dead-letters it, a `RetryAfter` chooses the delay of its retry, every other error retries it by the retry policy.
 */
export type BatchOutcome = "ack" | Error;

/** What a batch handler may return, or its promise may resolve with. */
export type BatchHandlerResult = BatchOutcomes | PromiseLike<BatchOutcomes>;
type BatchOutcomes = readonly BatchOutcome[] | undefined | void;

/**
 * Handles several events with one call. `contexts[n]` belongs to `events[n]`; there is at least one. To return nothing acknowledges all
 * of them. To throw fails each of them as if it had been alone: by the retry policy, or as `Reject` and `RetryAfter` say. To return a list
 * decides about each: one outcome for each event, in the same order. When that list has another length, or an entry that is no outcome,
 * every message of the batch fails.
 *
 * A batch takes one place of `maxConcurrency`. Of one ordering key it has at most one message.
 */
export type BatchHandler<Event> = (events: readonly Event[], contexts: readonly HandlerContext[]) => BatchHandlerResult;
