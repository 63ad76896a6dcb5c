import type { DeadLetterReason, SkipReason } from "@anytopic/core";
import { Durations } from "./durations.ts";
import type { Exposition } from "../exposition/exposition.ts";
import { Histogram } from "../exposition/histogram.ts";
import { joined, labelText, subscriptionLabels } from "../exposition/labels.ts";

const NO_LETTERS: Readonly<Record<DeadLetterReason, number>> = {
  rejected: 0,
  "retries-exhausted": 0,
  undecodable: 0,
  invalid: 0,
  expired: 0,
  backstop: 0,
};

export interface SubscriptionBounds {
  readonly process: readonly number[];
  readonly latency: readonly number[];
}

/** What happened to the messages of one subscription. Every counter begins at 0, because Prometheus does not see the first step of one that begins at 1. */
export class SubscriptionCounts {
  readonly attempts: Durations;
  readonly latency: Histogram;
  readonly letters: Record<DeadLetterReason, number> = { ...NO_LETTERS };
  consumed = 0;
  redeliveries = 0;
  retries = 0;
  letterFailed = 0;
  leaseLost = 0;
  readonly skipped: Record<SkipReason, number> = { filter: 0, expired: 0 };
  statsFailed = 0;
  readonly #labels: string;

  constructor(topic: string, subscription: string, bounds: SubscriptionBounds) {
    this.#labels = subscriptionLabels(topic, subscription);
    this.attempts = new Durations(bounds.process);
    this.latency = new Histogram(bounds.latency);
  }

  writeTo(exposition: Exposition): void {
    const labels = this.#labels;
    exposition.add("consumed", labels, this.consumed);
    exposition.add("redeliveries", labels, this.redeliveries);
    exposition.add("retries", labels, this.retries);
    exposition.add("letterFailed", labels, this.letterFailed);
    exposition.add("leaseLost", labels, this.leaseLost);
    exposition.add("statsFailed", labels, this.statsFailed);
    for (const [reason, letters] of Object.entries(this.letters)) {
      exposition.add("letters", joined(labels, labelText({ reason })), letters);
    }
    for (const [reason, messages] of Object.entries(this.skipped)) {
      exposition.add("skipped", joined(labels, labelText({ reason })), messages);
    }
    exposition.addHistogram("latency", labels, this.latency);
    for (const [type, histogram] of [[undefined, this.attempts.succeeded] as const, ...this.attempts.failed]) {
      exposition.addHistogram("processDuration", joined(labels, labelText({ error_type: type })), histogram);
    }
  }
}
