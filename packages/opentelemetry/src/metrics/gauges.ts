import type { Meter } from "@opentelemetry/api";

import * as at from "../conventions/metric-names.ts";
import type { Gauge } from "./gauge-values.ts";

/** The gauges of what is true now. */
export interface Gauges extends Readonly<Record<string, Gauge>> {
  readonly running: Gauge;
  readonly abandoned: Gauge;
  readonly capacity: Gauge;
  readonly receiving: Gauge;
  readonly paused: Gauge;
  readonly circuitOpen: Gauge;
  readonly publishing: Gauge;
  readonly up: Gauge;
  readonly backlog: Gauge;
  readonly oldestAge: Gauge;
  readonly letters: Gauge;
  readonly outboxWaiting: Gauge;
  readonly outboxOldestAge: Gauge;
  readonly outboxHeld: Gauge;
  readonly outboxParked: Gauge;
}

export function gaugesOf(meter: Meter): Gauges {
  const gauge = (name: string, unit: string, description: string, gone: Gauge["gone"]): Gauge => ({
    name,
    instrument: meter.createObservableGauge(name, { unit, description }),
    gone,
  });
  const unknown = Number.NaN;
  return {
    running: gauge(at.HANDLERS_RUNNING, "{handler}", "Handlers that are running.", 0),
    abandoned: gauge(at.HANDLERS_ABANDONED, "{handler}", "Abandoned handlers that have not returned.", 0),
    capacity: gauge(at.HANDLERS_CAPACITY, "{handler}", "Handlers that may run at a time.", 0),
    receiving: gauge(at.SUBSCRIPTION_RECEIVING, "{subscription}", "1 when all its workers receive, else 0.", unknown),
    paused: gauge(at.SUBSCRIPTION_PAUSED, "{subscription}", "1 when all its workers are paused, else 0.", unknown),
    circuitOpen: gauge(at.CIRCUIT_OPEN, "{subscription}", "1 when a circuit is open or half-open, else 0.", unknown),
    publishing: gauge(at.PUBLISHING, "{message}", "Publishes that are pending or waiting.", 0),
    up: gauge(at.CONNECTION_UP, "{connection}", "1 when the connection works, else 0.", 0),
    backlog: gauge(at.BACKLOG_MESSAGES, "{message}", "Messages of the subscription at the broker.", unknown),
    oldestAge: gauge(at.BACKLOG_OLDEST_AGE, "s", "Age of the oldest message at the broker.", unknown),
    letters: gauge(at.DEAD_LETTERS_WAITING, "{message}", "Dead letters of the subscription.", unknown),
    outboxWaiting: gauge(at.OUTBOX_WAITING, "{message}", "Messages that are committed and not published yet.", unknown),
    outboxOldestAge: gauge(at.OUTBOX_OLDEST_AGE, "s", "Age of the oldest of them.", unknown),
    outboxHeld: gauge(at.OUTBOX_HELD, "{hold}", "Topics and ordering keys that wait after a failure.", unknown),
    outboxParked: gauge(at.OUTBOX_PARKED, "{message}", "Messages that are parked.", unknown),
  };
}
