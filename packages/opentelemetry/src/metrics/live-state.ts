import type { ConnectedPubSub } from "@anytopic/core";

import { CONNECTION, STATE } from "../conventions/metric-names.ts";
import { Backlogs } from "./backlogs.ts";
import type { GaugeValues } from "./gauge-values.ts";
import type { Gauges } from "./gauges.ts";
import type { Live } from "./live-states.ts";

const add = (one: number, other: number): number => one + other;
const least = Math.min;
/** Two that look at the same subscription see the same messages. */
const most = Math.max;

/** One open `PubSub`. */
export class LiveState implements Live {
  readonly #pubsub: ConnectedPubSub;
  readonly #backlogs: Backlogs;

  constructor(pubsub: ConnectedPubSub, statsEveryMs: number) {
    this.#pubsub = pubsub;
    this.#backlogs = new Backlogs(pubsub, statsEveryMs);
  }

  async observe(values: GaugeValues, gauges: Gauges): Promise<void> {
    this.#observeHealth(values, gauges);
    await this.#observeBacklogs(values, gauges);
  }

  #observeHealth(values: GaugeValues, gauges: Gauges): void {
    const { subscriptions, connections, publishing } = this.#pubsub.health();
    for (const one of subscriptions) {
      if (one.state === "closing") continue;
      values.ofSubscription(gauges.running, one, one.running, add);
      values.ofSubscription(gauges.abandoned, one, one.abandoned, add);
      values.ofSubscription(gauges.capacity, one, one.capacity, add);
      values.ofSubscription(gauges.paused, one, one.state === "paused" ? 1 : 0, least);
      const circuit = one.circuit?.state;
      if (circuit !== undefined) values.ofSubscription(gauges.circuitOpen, one, circuit === "closed" ? 0 : 1, most);
      // A worker that is paused is not broken: it says nothing.
      if (one.state === "paused") continue;
      values.ofSubscription(gauges.receiving, one, one.state === "receiving" ? 1 : 0, least);
    }
    for (const { name, state } of connections) {
      values.set(gauges.up, { [CONNECTION]: name }, state === "up" || state === "degraded" ? 1 : 0, least);
    }
    values.set(gauges.publishing, {}, publishing, add);
  }

  /** What a broker does not tell is not observed: never 0 for unknown. */
  async #observeBacklogs(values: GaugeValues, gauges: Gauges): Promise<void> {
    for (const { of, stats } of await this.#backlogs.read()) {
      const { waiting, inFlight, delayed, oldestAgeMs, deadLetters } = stats;
      values.ofSubscription(gauges.backlog, of, waiting, most, { [STATE]: "waiting" });
      values.ofSubscription(gauges.backlog, of, inFlight, most, { [STATE]: "inflight" });
      values.ofSubscription(gauges.backlog, of, delayed, most, { [STATE]: "delayed" });
      values.ofSubscription(gauges.oldestAge, of, oldestAgeMs === undefined ? undefined : oldestAgeMs / 1000, most);
      values.ofSubscription(gauges.letters, of, deadLetters, most);
    }
  }
}
