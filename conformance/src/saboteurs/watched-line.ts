import type { Driver } from "@anytopic/core/driver";
import { forwardDriver } from "../intercept.ts";
import type { Saboteur } from "./saboteur.ts";

/** What a driver reports about its connection. */
export interface WatchedLine {
  readonly isUp: boolean;
  /** How often the connection was lost. */
  readonly losses: number;
  /** When it was lost last, in monotonic ms. */
  readonly lostAtMs: number;
  onLoss(listener: () => void): void;
}

/** Replaces methods of a driver that know whether its connection is up. */
export function sabotageOnLine(changes: (driver: Driver, line: WatchedLine) => Partial<Driver>): Saboteur["sabotage"] {
  return (adapter) => ({
    name: adapter.name,
    capabilities: adapter.capabilities,
    async open(context, signal) {
      const listeners: (() => void)[] = [];
      const line = {
        isUp: true,
        losses: 0,
        lostAtMs: -Infinity,
        onLoss: (listener: () => void) => void listeners.push(listener),
      };
      const status: typeof context.status = (state, error) => {
        const isUp = state === "up" || state === "degraded";
        if (line.isUp && !isUp) {
          line.losses += 1;
          line.lostAtMs = performance.now();
          for (const listener of listeners) listener();
        }
        line.isUp = isUp;
        context.status(state, error);
      };
      const driver = await adapter.open({ ...context, status }, signal);
      return forwardDriver(driver, changes(driver, line));
    },
  });
}
