import type { IncomingMessage, ServerResponse } from "node:http";
import type { Observer } from "@anytopic/core";
import { BacklogPoll } from "./scrape/backlog-poll.ts";
import { EventCounts } from "./counts/event-counts.ts";
import { Exposition } from "./exposition/exposition.ts";
import { Gauges } from "./scrape/gauges.ts";
import { fetchHandler, nodeListener } from "./scrape/http.ts";
import { checkedOptions, type MetricsOptions } from "./options.ts";
import { Outboxes } from "./outboxes.ts";
import { type CheckedSources, checkedSources, type MetricsSource } from "./sources.ts";

/**
 * The metrics of one or several `PubSub`s and outboxes. All methods can be used without their object. Counters never go down, also when a
 * `PubSub` or a relay is closed.
 */
export interface Metrics {
  /** For `connect({ observer })`. Several `connect`s may have the same. */
  readonly observer: Observer;
  /**
   * Everything in Prometheus' text format 0.0.4. Asks the broker for the backlog of each subscription, and the database of each outbox, at most every
   * 15 s, however often this is called, and waits at most 2 s for them. What is unknown is left out, and is never 0. Concurrent calls share their requests.
   * Rejects only with a TypeError, when a source is none.
   *
   * @param sources those whose connections, workers and backlogs are shown, and `{ relay, outbox }` for the rows of an outbox; without them there are only
   * counters and histograms
   */
  readonly text: (...sources: readonly MetricsSource[]) => Promise<string>;
  /**
   * Answers `GET` of a path that ends in `/metrics`, for servers and frameworks that speak fetch. Other paths are not found.
   *
   * @throws TypeError when a source is none
   */
  readonly handler: (...sources: readonly MetricsSource[]) => (request: Request) => Promise<Response>;
  /** The same for `createServer` of `node:http`. */
  readonly listener: (
    ...sources: readonly MetricsSource[]
  ) => (request: IncomingMessage, response: ServerResponse) => void;
}

/**
 * Counts what happens, for Prometheus. Has no timer and no connection, so there is nothing to close.
 *
 * @throws TypeError when an option is unknown or not allowed
 */
export function metrics(options: MetricsOptions = {}): Metrics {
  const { buckets, subscriptions, clock } = checkedOptions(options);
  const counts = new EventCounts(buckets);
  const poll = new BacklogPoll({
    clock,
    onFailed: ({ topic, name }) => (counts.subscription(topic.name, name).statsFailed += 1),
  });
  const outboxes = new Outboxes(clock);

  const addBacklogs = async (gauges: Gauges, { pubsubs }: CheckedSources): Promise<void> => {
    const read = await Promise.all(
      pubsubs.map((pubsub) => poll.read(pubsub, [...pubsub.subscriptions, ...subscriptions])),
    );
    for (const [{ topic, name }, backlog] of read.flatMap((known) => [...known])) {
      gauges.addBacklog(topic.name, name, backlog);
    }
  };

  const read = async (sources: CheckedSources): Promise<string> => {
    const gauges = new Gauges();
    await Promise.all([addBacklogs(gauges, sources), outboxes.addTo(gauges, sources.outboxes)]);
    // Read after the wait, so that all of it is of one moment.
    for (const pubsub of sources.pubsubs) {
      const health = pubsub.health();
      gauges.addHealth(health);
      for (const worker of health.subscriptions) counts.subscription(worker.topic, worker.subscription);
      for (const connection of health.connections) counts.know(connection);
    }
    const exposition = new Exposition();
    counts.writeTo(exposition);
    outboxes.writeTo(exposition, sources.outboxes);
    gauges.writeTo(exposition);
    return exposition.toString();
  };

  return Object.freeze({
    observer: (event) => counts.count(event),
    text: async (...sources) => await read(checkedSources(sources)),
    handler: (...sources) => {
      const checked = checkedSources(sources);
      return fetchHandler(() => read(checked));
    },
    listener: (...sources) => {
      const checked = checkedSources(sources);
      return nodeListener(() => read(checked));
    },
  } satisfies Metrics);
}
