import type { Clock } from "../base/clock.ts";
import { shown } from "../base/shown.ts";
import type { SeekPosition } from "../driver.ts";
import { rejectUnknownKeys } from "../options/option-checks.ts";

export interface SeekOptions {
  /**
   * Where the subscription goes on. A `Date`, not in the future: the first message that the broker stored then or later; its clock
   * counts, not the publisher's. `"beginning"`: the oldest message that is still kept. `"end"`: what is published from now on.
   */
  readonly to: Date | "beginning" | "end";
  /** Stops waiting. The seek may have happened. */
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
