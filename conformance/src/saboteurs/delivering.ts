import { randomUUID } from "node:crypto";
import type { DriverDelivery, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { forwardDelivery, forwardSink } from "../intercept.ts";
import { sabotageDelivery, sabotageDriver, sabotageSubscriber, type Saboteur } from "./saboteur.ts";

/** A delivery that settles nothing. */
const inert = (delivery: DriverDelivery): DriverDelivery =>
  forwardDelivery(delivery, {
    ack: () => Promise.resolve(),
    retry: () => Promise.resolve(),
    release: () => Promise.resolve(),
  });

/** The same topic, but declared without order. */
const unordered = (topic: TopicSpec): TopicSpec => ({ ...topic, ordered: false });
const ofUnordered = (subscription: SubscriptionSpec): SubscriptionSpec => ({
  ...subscription,
  topic: unordered(subscription.topic),
});

export const delivering: readonly Saboteur[] = [
  {
    name: "duplicate-each",
    wrong: "every message is delivered twice",
    killedBy: ["publish.roundtrip", "delivery.fan-out", "delivery.competing", "life.events"],
    sabotage: sabotageSubscriber(() => ({
      deliver(delivery, sink) {
        sink.deliver(delivery);
        sink.deliver(inert(delivery));
      },
    })),
  },
  {
    name: "retries-without-attributes",
    wrong: "a message that is redelivered has lost its attributes",
    killedBy: ["instrumentation.added-attributes", "expiry.retries"],
    sabotage: sabotageDelivery((delivery) =>
      delivery.attempt === 1 ? delivery : forwardDelivery(delivery, { attributes: {} }),
    ),
  },
  {
    name: "unanswered-release",
    wrong: "a release is neither sent nor answered",
    killedBy: ["instrumentation.every-end"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { release: () => new Promise(() => {}) })),
  },
  {
    name: "reorder",
    wrong: "two messages that arrive together are delivered in reverse",
    killedBy: ["ordering.per-key", "ordering.across-workers", "batches.ordered", "filters.order"],
    sabotage: sabotageDriver((driver) => ({
      apply: ({ topics, subscriptions }, options) =>
        driver.apply({ topics: topics.map(unordered), subscriptions: subscriptions.map(ofUnordered) }, options),
      openPublisher: (topic) => driver.openPublisher(unordered(topic)),
      openSubscriber(subscription, sink, options) {
        const held: DriverDelivery[] = [];
        const handOver = (): void =>
          held
            .splice(0)
            .toReversed()
            .forEach((one) => sink.deliver(one));
        const deliver = (delivery: DriverDelivery): void => {
          held.push(delivery);
          if (held.length === 1) setTimeout(handOver, 5);
        };
        return driver.openSubscriber(ofUnordered(subscription), forwardSink(sink, { deliver }), options);
      },
    })),
  },
  {
    name: "follow-a-lost-head",
    wrong: "when a message loses its lease, those of its key that the worker already has go on without it",
    killedBy: ["ordering.lost-head"],
    sabotage: sabotageDriver((driver) => ({
      apply: ({ topics, subscriptions }, options) =>
        driver.apply({ topics: topics.map(unordered), subscriptions: subscriptions.map(ofUnordered) }, options),
      openPublisher: (topic) => driver.openPublisher(unordered(topic)),
      openSubscriber: (subscription, sink, options) => driver.openSubscriber(ofUnordered(subscription), sink, options),
    })),
  },
  {
    name: "overtake-on-retry",
    wrong: "a failed message is republished for later, and its key continues without it",
    killedBy: ["ordering.across-retries"],
    sabotage: sabotageSubscriber(() => {
      const overtaken = new WeakSet<DriverDelivery>();
      const again = (
        delivery: DriverDelivery,
        attempt: number,
        deliver: (copy: DriverDelivery) => void,
      ): DriverDelivery => {
        const copy = forwardDelivery(delivery, {
          attempt,
          ack: () => (overtaken.has(delivery) ? Promise.resolve() : delivery.owner.ack(delivery)),
          retry(delayMs) {
            setTimeout(() => deliver(again(delivery, attempt + 1, deliver)), delayMs);
            if (overtaken.has(delivery)) return Promise.resolve();
            overtaken.add(delivery);
            return delivery.owner.ack(delivery);
          },
        });
        return copy;
      };
      return {
        deliver: (delivery, sink) => sink.deliver(again(delivery, delivery.attempt, (copy) => sink.deliver(copy))),
      };
    }),
  },
  {
    name: "block-while-waiting",
    wrong: "while one message waits for its retry, nothing else is delivered",
    killedBy: ["retry.waiting"],
    sabotage: sabotageSubscriber(() => {
      let openAtMs = 0;
      return {
        wrap: (delivery) =>
          forwardDelivery(delivery, {
            retry(delayMs) {
              openAtMs = Math.max(openAtMs, performance.now() + delayMs);
              return delivery.owner.retry(delivery, delayMs);
            },
          }),
        deliver: (delivery, sink) =>
          void setTimeout(() => sink.deliver(delivery), Math.max(0, openAtMs - performance.now())),
      };
    }),
  },
  {
    name: "deduplicate-before-success",
    wrong: "a redelivered message is treated as a duplicate and dropped, although it never succeeded",
    killedBy: ["delivery.retry", "exactly-once.failed-attempts", "batches.exactly-once"],
    sabotage: sabotageSubscriber(() => {
      const seen = new Set<string>();
      return {
        deliver(delivery, sink) {
          if (seen.has(delivery.id)) void delivery.owner.ack(delivery);
          else sink.deliver(delivery);
          seen.add(delivery.id);
        },
      };
    }),
  },
  {
    name: "hoard",
    wrong: "far more messages are fetched than the worker asked for",
    killedBy: ["delivery.prefetch", "retry.waiting", "batches.places"],
    sabotage: sabotageDriver((driver) => ({
      openSubscriber: (subscription, sink, options) =>
        driver.openSubscriber(subscription, sink, { maxOutstanding: options.maxOutstanding * 10 + 100 }),
    })),
  },
  {
    name: "one-at-a-time",
    wrong: "a message is fetched only when the one before it was settled",
    killedBy: ["delivery.concurrency", "delivery.concurrency-per-worker", "filters.no-attempt"],
    sabotage: sabotageDriver((driver) => ({
      openSubscriber: (subscription, sink) => driver.openSubscriber(subscription, sink, { maxOutstanding: 1 }),
    })),
  },
  {
    name: "no-lease-extension",
    wrong: "leases are never extended",
    killedBy: ["delivery.lease-extension", "delivery.extend-deadline", "batches.leases"],
    sabotage: sabotageSubscriber(() => ({ extend: () => undefined })),
  },
  {
    name: "leak-consumer",
    wrong: "a closed worker's consumer stays attached and takes messages that nobody handles",
    killedBy: ["delivery.after-close", "delivery.subscribe-abort", "delivery.reopen", "drain.idle"],
    sabotage: sabotageDriver((driver) => ({
      async openSubscriber(subscription, sink, options) {
        let stopped = false;
        const half = forwardSink(sink, { deliver: (delivery) => (stopped ? undefined : sink.deliver(delivery)) });
        const subscriber = await driver.openSubscriber(subscription, half, options);
        return {
          extend: (deliveries) => subscriber.extend(deliveries),
          stop: async () => void (stopped = true),
          close: () => Promise.resolve(),
        };
      },
    })),
  },
  {
    name: "deliver-after-stop",
    wrong: "messages are still delivered after intake was stopped",
    killedBy: ["delivery.after-close", "shutdown.under-load"],
    sabotage: sabotageDriver((driver) => ({
      async openSubscriber(subscription, sink, options) {
        let last: DriverDelivery | undefined;
        const deliver = (delivery: DriverDelivery): void => sink.deliver((last = delivery));
        const subscriber = await driver.openSubscriber(subscription, forwardSink(sink, { deliver }), options);
        const deliverLate = (): void => {
          if (last !== undefined) sink.deliver(inert(last));
        };
        return {
          extend: (deliveries) => subscriber.extend(deliveries),
          stop: (timeoutMs) => subscriber.stop(timeoutMs).then(() => void setImmediate(deliverLate)),
          close: (timeoutMs) => subscriber.close(timeoutMs),
        };
      },
    })),
  },
  {
    name: "attempts-off-by-one",
    wrong: "the first attempt is counted as the second",
    killedBy: ["publish.roundtrip", "dead-letters.poison"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { attempt: delivery.attempt + 1 })),
  },
  {
    name: "attempts-never-count",
    wrong: "every attempt is the first",
    killedBy: ["delivery.retry", "dead-letters.poison"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { attempt: 1 })),
  },
  {
    name: "attempts-per-process",
    wrong: "attempts are counted in the worker's memory, and start again with the next worker",
    killedBy: ["delivery.attempts", "delivery.dead-worker"],
    sabotage: sabotageSubscriber(() => {
      const counts = new Map<string, number>();
      return {
        wrap(delivery) {
          const attempt = (counts.get(delivery.id) ?? 0) + 1;
          counts.set(delivery.id, attempt);
          return forwardDelivery(delivery, { attempt });
        },
      };
    }),
  },
  {
    name: "id-of-delivery",
    wrong: "the id is new on every delivery",
    killedBy: ["publish.roundtrip", "publish.chosen-id"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { id: randomUUID() })),
  },
  {
    name: "time-of-delivery",
    wrong: "the publish time is the time of delivery",
    killedBy: ["delivery.retry"],
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { publishTimeMs: Date.now() })),
  },
  {
    name: "text-bodies",
    wrong: "bodies are treated as UTF-8 text",
    killedBy: ["publish.any-bytes"],
    sabotage: sabotageDelivery((delivery) =>
      forwardDelivery(delivery, { body: Buffer.from(Buffer.from(delivery.body).toString("utf8"), "utf8") }),
    ),
  },
  {
    name: "order-within-worker",
    wrong: "order by key holds within each worker, but two workers may have messages of one key",
    killedBy: ["ordering.head-blocks-key", "ordering.across-workers", "control.pause-order"],
    says: "handler runs while the head is stuck",
    sabotage: sabotageDriver((driver) => ({
      apply: ({ topics, subscriptions }, options) =>
        driver.apply({ topics: topics.map(unordered), subscriptions: subscriptions.map(ofUnordered) }, options),
      openPublisher: (topic) => driver.openPublisher(unordered(topic)),
      openSubscriber: (subscription, sink, options) => driver.openSubscriber(ofUnordered(subscription), sink, options),
    })),
  },
];
