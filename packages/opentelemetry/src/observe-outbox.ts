import { metrics, type MeterProvider } from "@opentelemetry/api";

import { OUTBOX } from "./conventions/metric-names.ts";
import { LiveOutbox } from "./metrics/live-outbox.ts";
import type { MeasuredRelay } from "./metrics/measured-relay.ts";
import { Meters } from "./metrics/meters.ts";

/** How an outbox is observed. */
export interface ObserveOutboxOptions {
  /** The attribute that tells outboxes apart, 1 to 100 characters. Two relays of one outbox have the same. @default "default" */
  readonly outbox?: string | undefined;
  /** @default the one that is registered now */
  readonly meterProvider?: MeterProvider | undefined;
}

const MAX_NAME_LENGTH = 100;

/**
 * Metrics of an outbox, seen by one of its relays, until the function that is returned is called: what waits and for how long, what is held
 * and parked, and how much the relay has published. The rows are counted only when somebody reads, at most every 15 s, and a reading
 * waits at most 2 s for them. What the database does not tell has no value. Call it once for each relay.
 *
 * @throws TypeError when the relay is none, or an option is unknown or not allowed
 */
export function observeOutbox(relay: MeasuredRelay, options: ObserveOutboxOptions = {}): () => void {
  if (typeof relay?.health !== "function" || typeof relay.stats !== "function") {
    throw new TypeError("observeOutbox: relay must be what outbox.relay() returns");
  }
  const unknown = Object.keys(options).find((key) => key !== "outbox" && key !== "meterProvider");
  if (unknown !== undefined) {
    throw new TypeError(`observeOutbox: unknown option "${unknown}"; known are outbox, meterProvider`);
  }
  const { outbox = "default", meterProvider = metrics.getMeterProvider() } = options;
  if (typeof outbox !== "string" || outbox === "" || outbox.length > MAX_NAME_LENGTH) {
    throw new TypeError(`observeOutbox: outbox must be a name of 1 to ${MAX_NAME_LENGTH} characters`);
  }
  if (typeof meterProvider?.getMeter !== "function") {
    throw new TypeError("observeOutbox: meterProvider must have the method getMeter");
  }
  const meters = Meters.of(meterProvider);
  const live = new LiveOutbox(relay, outbox, meters.outboxPublished.cell({ [OUTBOX]: outbox }));
  const forget = meters.live.add(live);
  return () => {
    // What was published since the last reading.
    live.count();
    forget();
  };
}
