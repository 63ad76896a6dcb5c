import type { Meter, Observable } from "@opentelemetry/api";

import * as name from "../conventions/metric-names.ts";
import type { LiveState } from "./live-state.ts";
import { subscriptionAttributes } from "./metric-attributes.ts";
import type { Reading } from "./tally.ts";

/** The instruments of what is true now. */
export interface Gauges {
  readonly running: Observable;
  readonly abandoned: Observable;
  readonly capacity: Observable;
  readonly receiving: Observable;
  readonly publishing: Observable;
  readonly up: Observable;
  readonly backlog: Observable;
  readonly oldestAge: Observable;
  readonly letters: Observable;
}

/** The open `PubSub`s of this process. What two of them share is added up: a gauge has one value for each set of attributes. */
export class LiveStates {
  static gauges(meter: Meter): Gauges & Record<string, Observable> {
    const gauge = (of: string, unit: string, description: string): Observable =>
      meter.createObservableGauge(of, { unit, description });
    return {
      running: gauge(name.HANDLERS_RUNNING, "{handler}", "Handlers that are running."),
      abandoned: gauge(name.HANDLERS_ABANDONED, "{handler}", "Abandoned handlers that have not returned."),
      capacity: gauge(name.HANDLERS_CAPACITY, "{handler}", "Handlers that may run at a time."),
      receiving: gauge(name.SUBSCRIPTION_RECEIVING, "{subscription}", "1 when every worker of it receives, else 0."),
      publishing: gauge(name.PUBLISHING, "{message}", "Publishes that are pending or waiting."),
      up: gauge(name.CONNECTION_UP, "{connection}", "1 when the connection works, else 0."),
      backlog: gauge(name.BACKLOG_MESSAGES, "{message}", "Messages of the subscription at the broker, by state."),
      oldestAge: gauge(name.BACKLOG_OLDEST_AGE, "s", "Age of the oldest message that waits at the broker."),
      letters: gauge(name.DEAD_LETTERS_WAITING, "{message}", "Dead letters of the subscription."),
    };
  }

  readonly #states = new Set<LiveState>();

  add(state: LiveState): () => void {
    this.#states.add(state);
    return () => void this.#states.delete(state);
  }

  /** Requests the backlogs that are due, and observes everything. */
  async observe(reading: Reading, gauges: Gauges): Promise<void> {
    const states = [...this.#states];
    const values = new Values(reading);
    for (const state of states) state.observe(values, gauges);
    await Promise.all(states.map((state) => state.observeBacklogs(values, gauges)));
    values.report();
  }
}

type Combine = (one: number, other: number) => number;

/** Collects the values of one reading, so that each instrument gets one value for each set of attributes. */
export class Values {
  readonly #reading: Reading;
  readonly #values = new Map<string, { instrument: Observable; attributes: Record<string, string>; value: number }>();
  readonly #numbers = new Map<Observable, number>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  set(instrument: Observable, attributes: Record<string, string>, value: number, combine: Combine): void {
    const number = this.#numbers.get(instrument) ?? this.#numbers.size;
    this.#numbers.set(instrument, number);
    const key = [number, ...Object.values(attributes)].join(" ");
    const known = this.#values.get(key);
    if (known === undefined) this.#values.set(key, { instrument, attributes, value });
    else known.value = combine(known.value, value);
  }

  ofSubscription(
    instrument: Observable,
    { topic, subscription }: { readonly topic: string; readonly subscription: string },
    value: number | undefined,
    combine: Combine,
    more: Record<string, string> = {},
  ): void {
    if (value === undefined) return;
    this.set(instrument, { ...subscriptionAttributes(topic, subscription), ...more }, value, combine);
  }

  report(): void {
    for (const { instrument, attributes, value } of this.#values.values()) {
      this.#reading.observe(instrument, value, attributes);
    }
  }
}
