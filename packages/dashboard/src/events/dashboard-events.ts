import { type DashboardEvents, EventLog } from "./event-log.ts";
import { requireService } from "./required-service.ts";

/** How this process is shown, and how many of its events are kept. */
export interface DashboardEventsOptions {
  /** The name under which this process is shown; 1 to 63 characters. @default none */
  readonly service?: string | undefined;
  /** How many events are kept, 100 to 1,000,000; each takes about 200 bytes. @default 10_000 */
  readonly capacity?: number | undefined;
}

const CAPACITY = { min: 100, max: 1_000_000, default: 10_000 } as const;

/** Keeps what happens, for `dashboard({ events })`. Has no timer and no connection, so there is nothing to close. @throws TypeError */
export function dashboardEvents(options: DashboardEventsOptions = {}): DashboardEvents {
  const { service, capacity = CAPACITY.default, ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new TypeError(`dashboardEvents: unknown option "${unknown}"; known are service, capacity`);
  }
  if (!Number.isInteger(capacity) || capacity < CAPACITY.min || capacity > CAPACITY.max) {
    throw new TypeError(`dashboardEvents: capacity must be a whole number from ${CAPACITY.min} to ${CAPACITY.max}`);
  }
  return new EventLog(service === undefined ? undefined : requireService("dashboardEvents", service), capacity);
}
