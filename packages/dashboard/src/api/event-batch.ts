import type { WireEvent } from "./wire-event.ts";

/** An event with its place in the dashboard's ring. */
export interface SeenEvent extends WireEvent {
  readonly position: number;
}

/** One message of `GET /api/events`, a stream of server-sent events. Its `id` is where to go on, for `Last-Event-ID` or `?after=`. */
export interface EventBatch {
  readonly events: readonly SeenEvent[];
  /** Events that had left the ring before this visitor came to them; also those that the filter would have left out. */
  readonly missed: number;
  /** The dashboard was started again since the place that was asked for: what was between is unknown. */
  readonly restarted: boolean;
}
