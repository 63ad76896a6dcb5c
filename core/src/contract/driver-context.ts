import type { Clock } from "../base/clock.ts";
import type { PubSubError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { ConnectionState } from "./connection-state.ts";

/** What core gives a driver. */
export interface DriverContext {
  /** The clock for everything that a driver measures or waits for. Client libraries use the system's clock. */
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Reports the connection's state, for `health()`, the log and the observer. `error` is required for every state except `"up"`. */
  status(state: ConnectionState, error?: PubSubError): void;
}
