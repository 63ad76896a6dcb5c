import type { MetricAttributes, Observable } from "@opentelemetry/api";

/** Where observed values go: one reading of all observables. */
export interface Reading {
  observe(instrument: Observable, value: number, attributes?: MetricAttributes): void;
}

interface Cell {
  readonly attributes: MetricAttributes;
  count: number;
}

/**
 * Counts by attributes in a map of our own: an instrument of the SDK costs fifty times as much for each message. The instrument
 * observes the map when somebody reads.
 */
export class Tally {
  readonly #cells = new Map<string, Cell>();

  /** Adds 1. `attributes` is called once for each key. */
  add(key: string, attributes: () => MetricAttributes): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { attributes: attributes(), count: 1 });
    else cell.count += 1;
  }

  observe(reading: Reading, instrument: Observable): void {
    for (const { attributes, count } of this.#cells.values()) reading.observe(instrument, count, attributes);
  }
}
