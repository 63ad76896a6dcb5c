import { GaugeValues } from "./gauge-values.ts";
import type { Gauges } from "./gauges.ts";
import type { Reading } from "./tally.ts";

/** One that shows what is true now. */
export interface Live {
  /** Adds to the counters what has happened since the last call; for what is not counted when it happens. */
  count?(): void;
  /** Requests what is due, and observes everything. */
  observe(values: GaugeValues, gauges: Gauges): Promise<void>;
}

/** The open `PubSub`s and the relays of this process. What two of them share becomes one value. */
export class LiveStates {
  readonly #states = new Set<Live>();
  readonly #told: Parameters<GaugeValues["report"]>[1] = new Map();

  add(state: Live): () => void {
    this.#states.add(state);
    return () => void this.#states.delete(state);
  }

  count(): void {
    for (const state of this.#states) state.count?.();
  }

  /** Requests the backlogs that are due, and observes everything. */
  async observe(reading: Reading, gauges: Gauges): Promise<void> {
    const values = new GaugeValues();
    await Promise.all([...this.#states].map((state) => state.observe(values, gauges)));
    values.report(reading, this.#told);
  }
}
