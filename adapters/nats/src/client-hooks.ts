import { reconnectDelayMs, type DriverContext } from "@anytopic/core/driver";
import type { ClientHooks } from "./client.ts";

/** Counts the dials since the last success, for the backoff. */
export interface Redials {
  inARow: number;
}

/** Faults are logged at most so often: a stranger may cause any number. */
const FAULT_LOG_MS = 1000;

/** What the client asks of a driver: the pace of its dials, and where to tell of what cannot be handled. */
export function clientHooks({ logger, random }: DriverContext, redials: Redials): ClientHooks {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return {
    redialDelayMs: () => reconnectDelayMs(++redials.inARow, random),
    fault(error) {
      const now = performance.now();
      if (now - loggedAt < FAULT_LOG_MS) return;
      loggedAt = now;
      // Its name alone: the text may quote what was received.
      const name = error instanceof Error ? error.name : typeof error;
      logger.error({ error: name }, "something received from NATS is left out: it cannot be handled");
    },
  };
}
