import type { Health, SubscriptionHealth, SubscriptionStatistics } from "@anytopic/core";
import { works } from "../counts/connection-works.ts";
import type { Exposition } from "../exposition/exposition.ts";
import type { FamilyKey } from "../exposition/families.ts";
import { joined, labelText, subscriptionLabels, topicLabels } from "../exposition/labels.ts";
import type { MeasuredOutboxTopic } from "../sources.ts";

type Merge = (known: number, value: number) => number;

const sum: Merge = (known, value) => known + value;
const worst: Merge = Math.min;
const any: Merge = Math.max;
const latest: Merge = (_known, value) => value;

/** Collects gauges of several workers and several `PubSub`s: one sample for each name and label set. */
export class Gauges {
  readonly #values = new Map<FamilyKey, Map<string, number>>();

  /** The publishes, connections and workers of one `PubSub`. */
  addHealth({ connections, subscriptions, publishing }: Health): void {
    this.#set("publishing", "", publishing, sum);
    this.#addCapacity(subscriptions);
    for (const { name, state } of connections) {
      this.#set("connectionUp", labelText({ connection: name }), works(state) ? 1 : 0, worst);
    }
    for (const worker of subscriptions) this.#addWorker(worker);
  }

  /** What is `undefined` is unknown, and is no sample. */
  addBacklog(topic: string, subscription: string, backlog: SubscriptionStatistics): void {
    const labels = subscriptionLabels(topic, subscription);
    const { waiting, inFlight: inflight, delayed, oldestAgeMs, deadLetters } = backlog;
    for (const [state, messages] of Object.entries({ waiting, inflight, delayed })) {
      if (messages !== undefined) this.#set("backlog", joined(labels, labelText({ state })), messages, latest);
    }
    if (oldestAgeMs !== undefined) this.#set("oldestAge", labels, oldestAgeMs / 1000, latest);
    if (deadLetters !== undefined) this.#set("lettersWaiting", labels, deadLetters, latest);
  }

  /** Relays of one outbox count the same rows. */
  addOutbox(outbox: string, { topic, waiting, oldestAgeMs, held, parked }: MeasuredOutboxTopic): void {
    const labels = joined(labelText({ outbox }), topicLabels(topic));
    this.#set("outboxWaiting", labels, waiting, latest);
    this.#set("outboxOldestAge", labels, oldestAgeMs / 1000, latest);
    this.#set("outboxHeld", labels, held, latest);
    this.#set("outboxParked", labels, parked, latest);
  }

  writeTo(exposition: Exposition): void {
    for (const [family, values] of this.#values) {
      for (const [labels, value] of values) exposition.add(family, labels, value);
    }
  }

  #addWorker({ topic, subscription, state, running, abandoned, circuit }: SubscriptionHealth): void {
    const labels = subscriptionLabels(topic, subscription);
    this.#set("running", labels, running, sum);
    this.#set("abandoned", labels, abandoned, sum);
    // A worker that closes is not broken: it says nothing. Neither is one that is paused.
    if (state === "closing") return;
    this.#set("paused", labels, state === "paused" ? 1 : 0, worst);
    if (state !== "paused") this.#set("receiving", labels, state === "receiving" ? 1 : 0, worst);
    if (circuit !== undefined) this.#set("circuitOpen", labels, circuit.state === "closed" ? 0 : 1, any);
  }

  /** Workers of one connection add up. Those of several connections share their places. */
  #addCapacity(workers: readonly SubscriptionHealth[]): void {
    const byConnection = new Map<string, Map<string, number>>();
    for (const { topic, subscription, connection, capacity } of workers) {
      const labels = subscriptionLabels(topic, subscription);
      const own = byConnection.get(labels) ?? new Map<string, number>();
      byConnection.set(labels, own.set(connection, (own.get(connection) ?? 0) + capacity));
    }
    for (const [labels, own] of byConnection) this.#set("capacity", labels, Math.max(...own.values()), sum);
  }

  #set(family: FamilyKey, labels: string, value: number, merge: Merge): void {
    let values = this.#values.get(family);
    if (values === undefined) this.#values.set(family, (values = new Map()));
    const known = values.get(labels);
    values.set(labels, known === undefined ? value : merge(known, value));
  }
}
