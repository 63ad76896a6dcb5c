import { setTimeout as sleep } from "node:timers/promises";
import type { Broker } from "./broker.ts";

type Admin = NonNullable<Broker["admin"]>;

/** A node that starts opens its listener a moment before it counts as running. Until then `rabbitmqctl` refuses, and has done nothing. */
const NOT_YET_RUNNING = /requires the 'rabbit' app to be running/;
const RUNNING_WITHIN_MS = 30_000;
const PAUSE_MS = 100;

/** Repeats `rabbitmqctl` while the node says that it does not run yet; every other failure is the caller's at once. */
export function rabbitmqAdmin(rabbitmqctl: Admin, runningWithinMs: number = RUNNING_WITHIN_MS): Admin {
  return async (args) => {
    const endMs = performance.now() + runningWithinMs;
    for (;;) {
      try {
        return await rabbitmqctl(args);
      } catch (error) {
        if (!NOT_YET_RUNNING.test(String(error)) || performance.now() > endMs) throw error;
      }
      await sleep(PAUSE_MS);
    }
  };
}
