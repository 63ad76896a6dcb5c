import type { MetricAttributes, Observable } from "@opentelemetry/api";

/** Where observed values go: one reading of all observables. */
export interface Reading {
  observe(instrument: Observable, value: number, attributes?: MetricAttributes): void;
}

/** The count of one set of attributes. Whoever counts adds to it. */
export interface Cell {
  readonly attributes: MetricAttributes;
  count: number;
}

/**
 * Counts by attributes in a map of our own: an instrument of the SDK costs fifty times as much for each message. The instrument
 * observes the map when somebody reads.
 */
export class Tally {
  readonly #cells = new Map<string, Cell>();

  /** The cell of these attributes, the same one for equal attributes. */
  cell(attributes: MetricAttributes): Cell {
    const key = JSON.stringify(attributes);
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    const cell = { attributes, count: 0 };
    this.#cells.set(key, cell);
    return cell;
  }

  /** Adds 1; for what happens seldom. */
  add(attributes: MetricAttributes): void {
    this.cell(attributes).count += 1;
  }

  observe(reading: Reading, instrument: Observable): void {
    for (const { attributes, count } of this.#cells.values()) {
      if (count > 0) reading.observe(instrument, count, attributes);
    }
  }
}
