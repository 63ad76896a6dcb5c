import type { Observer } from "@anytopic/core";

import { CONNECTION, REASON } from "../conventions/metric-names.ts";
import { subscriptionAttributes } from "./metric-attributes.ts";
import type { Meters } from "./meters.ts";

/** Counts what no publish and no attempt shows. One for each `PubSub`: connections are told apart by their names. */
export function eventMetrics(meters: Meters): Observer {
  /** Connections that do not work now. */
  const broken = new Set<string>();
  return (event) => {
    switch (event.type) {
      case "lease-lost":
      case "dead-letter-failed": {
        const tally = event.type === "lease-lost" ? meters.leaseLost : meters.deadLetterFailed;
        const { topic, subscription } = event;
        tally.add(subscriptionAttributes(topic, subscription));
        break;
      }
      case "skipped": {
        const { topic, subscription, reason } = event;
        meters.skipped.add({ ...subscriptionAttributes(topic, subscription), [REASON]: reason });
        break;
      }
      case "connection": {
        const { connection, state } = event;
        const works = state === "up" || state === "degraded";
        if (!works) broken.add(connection);
        else if (broken.delete(connection)) meters.reconnects.add({ [CONNECTION]: connection });
        break;
      }
      default:
    }
  };
}
