import { forwardDriver, forwardSink } from "../intercept.ts";
import type { Saboteur } from "./saboteur.ts";

/** Adapters that do not say what is wrong. */
export const concealing: readonly Saboteur[] = [
  {
    name: "fine-in-outage",
    wrong: "a worker that has lost its connection does not say so",
    killedBy: ["drain.outage"],
    says: "drain to wait until the line is repaired",
    sabotage: (adapter) => ({
      name: adapter.name,
      capabilities: adapter.capabilities,
      async open(context, signal) {
        const driver = await adapter.open({ ...context, status: () => {} }, signal);
        return forwardDriver(driver, {
          openSubscriber: (subscription, sink, options) =>
            driver.openSubscriber(subscription, forwardSink(sink, { failing: () => {} }), options),
        });
      },
    }),
  },
];
