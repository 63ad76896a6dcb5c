import type { DriverContext } from "@anytopic/core/driver";
import type { ClientHooks } from "./client.ts";

/** Faults are logged at most so often: a stranger may cause any number. */
const FAULT_LOG_MS = 1000;

/** What the client needs of a driver: its time, and where to tell of what cannot be handled. */
export function clientHooks({ clock, logger, random }: DriverContext): ClientHooks {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return {
    clock,
    random,
    fault(error) {
      const now = clock.monotonicNow();
      if (now - loggedAt < FAULT_LOG_MS) return;
      loggedAt = now;
      // Its name alone: the text may quote what was received.
      const name = error instanceof Error ? error.name : typeof error;
      logger.error({ error: name }, "something received from NATS is left out: it cannot be handled");
    },
  };
}
