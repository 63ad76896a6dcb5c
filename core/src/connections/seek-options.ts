import type { Clock } from "../base/clock.ts";
import { shown } from "../base/shown.ts";
import type { SeekPosition } from "../driver.ts";
import { rejectUnknownKeys } from "../options/option-checks.ts";

/**
 * For `PubSub.seek`. It resolves when the broker has the new position durably, on all connections of the subscription. Running workers
 * of every process follow by themselves, within seconds.
 *
 * - Messages come again with the same ids, and with attempt 1; with an ordering key, in the order of publishing.
 * - What is published after the call is never passed over. What is published around the call may be handled twice.
 * - A handler that runs meanwhile goes on, its signal aborts, and how it ends no longer matters. Its message can start again before
 *   that, also with an ordering key. On Google Cloud Pub/Sub it keeps its message. On NATS and Redis a worker that is paused or
 *   closing is not told: the signals of its handlers do not abort.
 * - A paused worker stays paused, and goes on at the new position when it is resumed.
 * - Retries that wait for their delay are dropped, and so are redriven messages that wait. Those from the new position on come again.
 * - Dead letters and all other subscriptions are untouched.
 *
 * Rejects with a `TypeError` for a wrong argument or a time in the future; with `NOT_SUPPORTED` when the broker cannot, when the topic is
 * not declared with `replay`, and for the past of an exactly-once topic, or of a subscription with several connections: their inbox
 * would pass over what was handled. After
 * `NOT_FOUND`, `UNAVAILABLE`, `TIMEOUT` (30 s), `CLOSED` or the abort reason of `signal` it may have happened; to call it again is
 * harmless.
 */
export interface SeekOptions {
  /**
   * Where the subscription goes on. A `Date`, not in the future: the first message that the broker stored then or later; its clock
   * counts, not the publisher's. `"beginning"`: the oldest message that is still kept. `"end"`: what is published from now on.
   */
  readonly to: Date | "beginning" | "end";
  /** Stops waiting. The seek may have happened. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** Reads the options at once, because the caller may change the date. @throws TypeError */
export function seekPosition(options: SeekOptions, clock: Clock): SeekPosition {
  if (typeof options !== "object" || options === null) throw wrong("options", options);
  rejectUnknownKeys("seek", options, ["to", "signal"]);
  const { to } = options;
  if (to === "beginning" || to === "end") return to;
  if (!(to instanceof Date) || Number.isNaN(to.getTime()) || to.getTime() < 0) throw wrong("to", to);
  if (to.getTime() > clock.now())
    throw new TypeError(
      `seek: to is ${to.toISOString()}, which is in the future: messages that are published before then would be passed over; use "end"`,
    );
  return to.getTime();
}

function wrong(option: string, value: unknown): TypeError {
  const text = value instanceof Date ? "an invalid Date, or one before 1970" : shown(value);
  return new TypeError(
    `seek: ${option} is ${text}: must be { to }, with a Date from 1970 to now, "beginning" or "end"`,
  );
}
