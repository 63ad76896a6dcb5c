import type { Observable } from "@opentelemetry/api";

import { type Labels, subscriptionAttributes } from "./metric-attributes.ts";
import type { Reading } from "./tally.ts";

/** How the values of two `PubSub`s become one. */
type Combine = (one: number, other: number) => number;

interface GaugeValue {
  readonly gauge: Gauge;
  readonly attributes: Labels;
  value: number;
}

/** An instrument of what is true now. */
export interface Gauge {
  readonly name: string;
  readonly instrument: Observable;
  /** The value of what is gone: 0, or not a number where 0 would say something that nobody knows. */
  readonly gone: number;
}

/** Collects the values of one reading, so that each gauge gets one value for each set of attributes. */
export class GaugeValues {
  readonly #values = new Map<string, GaugeValue>();

  set(gauge: Gauge, attributes: Labels, value: number, combine: Combine): void {
    const key = JSON.stringify([gauge.name, attributes]);
    const known = this.#values.get(key);
    if (known === undefined) this.#values.set(key, { gauge, attributes, value });
    else known.value = combine(known.value, value);
  }

  /** `value`: `undefined` when nobody knows it. */
  ofSubscription(
    gauge: Gauge,
    { topic, subscription }: { readonly topic: string; readonly subscription: string },
    value: number | undefined,
    combine: Combine,
    more: Labels = {},
  ): void {
    if (value !== undefined)
      this.set(gauge, { ...subscriptionAttributes(topic, subscription), ...more }, value, combine);
  }

  /**
   * Gives all values to a reader. The SDK repeats the last value of a gauge for ever, so what was there before and is gone must be
   * told too. `before`: what was ever told; this adds to it.
   */
  report(reading: Reading, before: Map<string, GaugeValue>): void {
    for (const [key, value] of this.#values) before.set(key, value);
    for (const [key, { gauge, attributes }] of before) {
      reading.observe(gauge.instrument, this.#values.get(key)?.value ?? gauge.gone, attributes);
    }
  }
}
