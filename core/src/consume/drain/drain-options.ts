import type { BatchSubscribeOptions } from "../batch/batch-handler.ts";
import type { SubscribeOptions } from "../worker.ts";

interface Ends {
  /**
   * It ends when nothing has arrived or been settled for so long, and no handler runs, in ms; 1 to 86,400,000. A lost connection, a
   * subscription that cannot receive or is paused, and a circuit that is not closed are not idle: it waits until that has passed. Some
   * brokers need a second or two to deliver what they have, so a value below 2000 may end too early. @default 5000
   */
  readonly untilIdleMs?: number | undefined;
  /**
   * It ends after so many messages; at least 1. No more than that are started, and what was fetched beyond them is released. A
   * message counts when it gets a place: also one that has expired or is dead-lettered without a handler, but not one that the filter holds back. @default no end
   */
  readonly maxMessages?: number | undefined;
  /** It ends after this time, in ms; 1 to 86,400,000. Handlers that run then are waited for. @default no end */
  readonly maxMs?: number | undefined;
  /** When it aborts, the call rejects at once with the abort reason, and the worker closes. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** When `drain` ends, and how it subscribes. */
export interface DrainOptions extends Ends, Omit<SubscribeOptions, "signal"> {}

/** When `drain` with a batch handler ends, and how it subscribes. */
export interface BatchDrainOptions extends Ends, Omit<BatchSubscribeOptions, "signal"> {}

/** What a drain has done. Attempts are counted, not messages: one that is retried at once may be counted several times. */
export interface DrainResult {
  /** Acknowledged: a handler succeeded, or the message was handled before. */
  readonly handled: number;
  /** Failed, and retried later. The retry is a part of this drain when it is due before the end. */
  readonly retried: number;
  readonly deadLettered: number;
  /** Acknowledged without a handler: the filter holds it back, or it had expired. */
  readonly skipped: number;
  /** Why it ended. After `"idle"` the subscription was empty, except for retries that are not due and for what other workers hold. */
  readonly endedBy: "idle" | "max-messages" | "max-time";
}
