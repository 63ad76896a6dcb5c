import type { EventFeed } from "./event-feed.ts";
import { EventLog } from "./event-log.ts";

/** The log itself; of any other feed, one that keeps what it tells, until `closed` aborts. */
export function eventLogOf(events: EventFeed | undefined, closed: AbortSignal): EventLog {
  if (events instanceof EventLog) return events;
  if (events !== undefined && typeof events.subscribe !== "function") {
    throw new TypeError("dashboard: events must be what dashboardEvents() returns");
  }
  const log = new EventLog(undefined, 10_000);
  if (events === undefined) return log;
  const stop = events.subscribe((event) => log.add(event));
  closed.addEventListener("abort", stop, { once: true });
  return log;
}
