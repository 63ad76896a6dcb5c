import { openSync } from "node:fs";
import type { Harness } from "@anytopic/conformance";
import { forwardDriver, intercept, openWrappedSubscriber } from "@anytopic/core/intercept";
import { createHarness } from "./harness.ts";

const kept: object[] = [];
const NUMBERS = 30_000;
const HOUR_MS = 3_600_000;

/** What an application or an adapter does wrong with each delivery. `SOAK_LEAK` names one. */
const LEAKS: Readonly<Record<string, () => void>> = {
  memory: () => void kept.push(Array.from({ length: NUMBERS }, (_, index) => index / 2)),
  handles() {
    setTimeout(() => undefined, HOUR_MS);
    openSync(import.meta.filename, "r");
  },
};

/** The memory broker, with something that leaks between it and core. */
export function harness(): Harness {
  const made = createHarness();
  const leak = LEAKS[process.env["SOAK_LEAK"] ?? ""];
  const wrap = <Delivery>(delivery: Delivery): Delivery => {
    leak?.();
    return delivery;
  };
  return {
    ...made,
    adapter: (request) =>
      intercept(made.adapter(request), (driver) =>
        forwardDriver(driver, {
          openSubscriber: (subscription, sink, options) =>
            openWrappedSubscriber(driver, subscription, sink, options, { wrap }),
        }),
      ),
    close: async () => {
      await made.close();
      // Timers that are left behind keep the process alive. The results are printed before.
      if (leak !== undefined) setTimeout(() => process.exit(), 5000);
    },
  };
}
