import { GaugeValues } from "./gauge-values.ts";
import type { Gauges } from "./gauges.ts";
import type { LiveState } from "./live-state.ts";
import type { Reading } from "./tally.ts";

/** The open `PubSub`s of this process. What two of them share becomes one value. */
export class LiveStates {
  readonly #states = new Set<LiveState>();
  readonly #told: Parameters<GaugeValues["report"]>[1] = new Map();

  add(state: LiveState): () => void {
    this.#states.add(state);
    return () => void this.#states.delete(state);
  }

  /** Requests the backlogs that are due, and observes everything. */
  async observe(reading: Reading, gauges: Gauges): Promise<void> {
    const states = [...this.#states];
    const values = new GaugeValues();
    for (const state of states) state.observe(values, gauges);
    await Promise.all(states.map((state) => state.observeBacklogs(values, gauges)));
    values.report(reading, this.#told);
  }
}
