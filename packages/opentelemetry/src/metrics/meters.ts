import { type Histogram, type Meter, type MeterProvider, type Observable } from "@opentelemetry/api";

import * as name from "../conventions/metric-names.ts";
import { SCOPE } from "../scope.ts";
import { gaugesOf } from "./gauges.ts";
import { LiveStates } from "./live-states.ts";
import { type Reading, Tally } from "./tally.ts";

/**
 * All our metrics at one provider. Every `openTelemetry()` with that provider counts here: two that observe one instrument would
 * overwrite each other.
 */
export class Meters {
  static readonly #byProvider = new WeakMap<MeterProvider, Meters>();

  static of(provider: MeterProvider): Meters {
    const known = this.#byProvider.get(provider);
    if (known !== undefined) return known;
    const made = new Meters(provider.getMeter(SCOPE));
    this.#byProvider.set(provider, made);
    return made;
  }

  readonly sent: Tally = new Tally();
  readonly consumed: Tally = new Tally();
  readonly redeliveries: Tally = new Tally();
  readonly retries: Tally = new Tally();
  readonly deadLetters: Tally = new Tally();
  readonly deadLetterFailed: Tally = new Tally();
  readonly leaseLost: Tally = new Tally();
  readonly skipped: Tally = new Tally();
  readonly reconnects: Tally = new Tally();
  readonly outboxPublished: Tally = new Tally();
  readonly operationDuration: Histogram;
  readonly processDuration: Histogram;
  readonly deliveryLatency: Histogram;
  /** What every open `PubSub` and every relay shows of itself. */
  readonly live: LiveStates = new LiveStates();

  private constructor(meter: Meter) {
    const histogram = (of: string, description: string): Histogram =>
      meter.createHistogram(of, {
        unit: "s",
        description,
        advice: { explicitBucketBoundaries: [...name.DURATION_BUCKETS] },
      });
    this.operationDuration = histogram(name.OPERATION_DURATION, "From a publish to the broker's confirmation.");
    this.processDuration = histogram(name.PROCESS_DURATION, "From the start of a handler to its end.");
    this.deliveryLatency = histogram(
      name.DELIVERY_LATENCY,
      "From the publish of a message to the start of its first attempt.",
    );
    const counters = this.#counters(meter);
    const gauges = gaugesOf(meter);
    meter.addBatchObservableCallback(
      async (result) => {
        // The API's type knows instruments of numbers only by their own kind of attributes.
        const reading = result as Reading;
        this.live.count();
        for (const [instrument, tally] of counters) tally.observe(reading, instrument);
        await this.live.observe(reading, gauges);
      },
      [...counters.keys(), ...Object.values(gauges).map(({ instrument }) => instrument)],
    );
  }

  #counters(meter: Meter): Map<Observable, Tally> {
    const counter = (of: string, unit: string, description: string): Observable =>
      meter.createObservableCounter(of, { unit, description });
    return new Map([
      [counter(name.SENT_MESSAGES, "{message}", "Messages that were given to the broker, also in vain."), this.sent],
      [counter(name.CONSUMED_MESSAGES, "{message}", "Messages that were given to a handler or reader."), this.consumed],
      [counter(name.REDELIVERIES, "{message}", "Of these, those that were not the first attempt."), this.redeliveries],
      [counter(name.RETRIES, "{attempt}", "Failed attempts that are retried."), this.retries],
      [counter(name.DEAD_LETTERS, "{message}", "Messages that became dead letters."), this.deadLetters],
      [counter(name.DEAD_LETTER_FAILED, "{attempt}", "Dead letters that could not be stored."), this.deadLetterFailed],
      [
        counter(name.LEASE_LOST, "{message}", "Messages whose lease was lost before they were settled."),
        this.leaseLost,
      ],
      [counter(name.SKIPPED, "{message}", "Messages that were acknowledged without an attempt."), this.skipped],
      [counter(name.CONNECTION_RECONNECTS, "{reconnect}", "Repaired connections."), this.reconnects],
      [counter(name.OUTBOX_PUBLISHED, "{message}", "Messages that relays published."), this.outboxPublished],
    ]);
  }
}
