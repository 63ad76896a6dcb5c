import { randomUUID } from "node:crypto";

import { connect, defineSubscription, defineTopic, PubSubError, type Topic } from "@anytopic/core";
import type { Adapter, DriverContext } from "@anytopic/core/driver";
import { forwardDelivery, forwardDriver, intercept, openWrappedSubscriber } from "@anytopic/core/intercept";
import { memory } from "@anytopic/memory";
import { openTelemetry } from "@anytopic/opentelemetry";
import { describe, expect, test } from "vitest";

import { Metrics } from "./metric-lines.ts";

interface Order {
  readonly n: number;
  readonly text?: string;
}

const newTopic = (): Topic<Order, Order> => defineTopic<Order>(`t${randomUUID().slice(0, 8)}`);
const retryPolicy = { minBackoffMs: 1, maxBackoffMs: 1, maxRetries: 1 };

describe("what has happened", () => {
  test("publishes, attempts, retries, dead letters and what is true now", async () => {
    const metrics = new Metrics();
    await using pubsub = await connect("memory:", { instrumentation: [openTelemetry(metrics)] });
    const topic = newTopic();
    await pubsub.subscribe(defineSubscription(topic, "mail", { retryPolicy, maxConcurrency: 7 }), () => {});
    await pubsub.subscribe(defineSubscription(topic, "stock", { retryPolicy, maxConcurrency: 5 }), () => {
      throw new RangeError("no stock");
    });
    await pubsub.publish(topic, { n: 1 });
    await pubsub.publish(topic, { n: 2, text: "x".repeat(20_000_000) }).catch(() => {});
    const letters = pubsub.deadLetters(defineSubscription(topic, "stock"));
    await expect.poll(() => letters.count()).toBe(1);
    await expect.poll(() => pubsub.health().subscriptions.every(({ running }) => running === 0)).toBe(true);

    expect(await metrics.lines()).toEqual([
      "anytopic.backlog.messages state=delayed subscription=mail: 0",
      "anytopic.backlog.messages state=delayed subscription=stock: 0",
      "anytopic.backlog.messages state=inflight subscription=mail: 0",
      "anytopic.backlog.messages state=inflight subscription=stock: 0",
      "anytopic.backlog.messages state=waiting subscription=mail: 0",
      "anytopic.backlog.messages state=waiting subscription=stock: 0",
      "anytopic.backlog.oldest.age subscription=mail: 0",
      "anytopic.backlog.oldest.age subscription=stock: 0",
      "anytopic.connection.up connection=default: 1",
      "anytopic.dead.letters reason=retries-exhausted subscription=stock: 1",
      "anytopic.dead.letters.waiting subscription=mail: 0",
      "anytopic.dead.letters.waiting subscription=stock: 1",
      "anytopic.delivery.latency subscription=mail: 1",
      "anytopic.delivery.latency subscription=stock: 1",
      "anytopic.handlers.abandoned subscription=mail: 0",
      "anytopic.handlers.abandoned subscription=stock: 0",
      "anytopic.handlers.capacity subscription=mail: 7",
      "anytopic.handlers.capacity subscription=stock: 5",
      "anytopic.handlers.running subscription=mail: 0",
      "anytopic.handlers.running subscription=stock: 0",
      "anytopic.publishing: 0",
      "anytopic.redeliveries subscription=stock: 1",
      "anytopic.retries subscription=stock: 1",
      "anytopic.subscription.paused subscription=mail: 0",
      "anytopic.subscription.paused subscription=stock: 0",
      "anytopic.subscription.receiving subscription=mail: 1",
      "anytopic.subscription.receiving subscription=stock: 1",
      "messaging.client.consumed.messages operation=receive subscription=mail: 1",
      "messaging.client.consumed.messages operation=receive subscription=stock: 2",
      "messaging.client.operation.duration error=LIMIT_EXCEEDED operation=publish: 1",
      "messaging.client.operation.duration operation=publish: 1",
      "messaging.client.sent.messages error=LIMIT_EXCEEDED operation=publish: 1",
      "messaging.client.sent.messages operation=publish: 1",
      "messaging.process.duration error=RangeError operation=process subscription=stock: 2",
      "messaging.process.duration operation=process subscription=mail: 1",
    ]);
  });

  test("a message that no handler gets counts as a dead letter, and not as consumed", async () => {
    const metrics = new Metrics();
    await using pubsub = await connect("memory:", {
      instrumentation: [openTelemetry({ meterProvider: metrics.meterProvider, traces: false })],
    });
    const name = `t${randomUUID().slice(0, 8)}`;
    await pubsub.subscribe(defineSubscription(defineTopic<Order>(name), "mail"), () => {});
    await pubsub.publish(defineTopic(name, { codec: "text" }), "{ this is not JSON");
    await expect.poll(() => metrics.lines()).toContain("anytopic.dead.letters reason=undecodable subscription=mail: 1");
    expect((await metrics.lines()).filter((line) => line.startsWith("messaging.client.consumed"))).toEqual([]);
  });

  test("two parts of a program with one provider are added up", async () => {
    const metrics = new Metrics();
    const topic = newTopic();
    const name = randomUUID();
    const one = await connect(`memory:${name}`, { instrumentation: [openTelemetry(metrics)] });
    const two = await connect(`memory:${name}`, { instrumentation: [openTelemetry(metrics)] });
    const mail = defineSubscription(topic, "mail", { maxConcurrency: 3 });
    await one.subscribe(mail, () => {});
    await two.subscribe(mail, () => {});
    await Promise.all([one.publish(topic, { n: 1 }), two.publish(topic, { n: 2 })]);
    await expect
      .poll(() => metrics.lines())
      .toEqual(
        expect.arrayContaining([
          "messaging.client.sent.messages operation=publish: 2",
          "messaging.client.consumed.messages operation=receive subscription=mail: 2",
          "anytopic.handlers.capacity subscription=mail: 6",
        ]),
      );
    await one.close();
    expect(await metrics.lines()).toContain("anytopic.handlers.capacity subscription=mail: 3");
    await two.close();
    const after = await metrics.lines();
    expect(after).toContain("messaging.client.sent.messages operation=publish: 2");
    // The SDK would repeat the last values for ever.
    expect(after.filter((line) => /handlers|waiting|receiving|publishing|up/.test(line))).toEqual([
      "anytopic.backlog.messages state=waiting subscription=mail: NaN",
      "anytopic.connection.up connection=default: 0",
      "anytopic.dead.letters.waiting subscription=mail: NaN",
      "anytopic.handlers.abandoned subscription=mail: 0",
      "anytopic.handlers.capacity subscription=mail: 0",
      "anytopic.handlers.running subscription=mail: 0",
      "anytopic.publishing: 0",
      "anytopic.subscription.receiving subscription=mail: NaN",
    ]);
  });

  test("lost leases are counted", async () => {
    const metrics = new Metrics();
    const lost = new PubSubError("LEASE_LOST", "another worker has it");
    const adapter = intercept(memory(), (driver) =>
      forwardDriver(driver, {
        openSubscriber: (subscription, sink, options) =>
          openWrappedSubscriber(driver, subscription, sink, options, {
            wrap: (delivery) => forwardDelivery(delivery, { ack: () => Promise.reject(lost) }),
          }),
      }),
    );
    await using pubsub = await connect(adapter, { instrumentation: [openTelemetry(metrics)] });
    const topic = newTopic();
    await pubsub.subscribe(defineSubscription(topic, "mail"), () => {});
    await pubsub.publish(topic, { n: 1 });
    await expect.poll(() => metrics.lines()).toContain("anytopic.lease.lost subscription=mail: 1");
  });
});

describe("a broker", () => {
  /** The memory adapter, with a hand on its state and an eye on its statistics. */
  function watched(): { adapter: Adapter; seen: { asked: number; context?: DriverContext } } {
    const seen: { asked: number; context?: DriverContext } = { asked: 0 };
    const adapter = intercept(memory(), (driver, context) => {
      seen.context = context;
      return forwardDriver(driver, {
        stats: async () => {
          seen.asked += 1;
          return { waiting: 4, inFlight: undefined, delayed: undefined, oldestAgeMs: 2500, deadLetters: undefined };
        },
      });
    });
    return { adapter, seen };
  }

  test("is asked for backlogs only when somebody reads, and at most every 15 s; what it does not tell has no value", async () => {
    const { adapter, seen } = watched();
    const metrics = new Metrics();
    await using pubsub = await connect(adapter, { instrumentation: [openTelemetry(metrics)] });
    await pubsub.subscribe(defineSubscription(newTopic(), "mail"), () => {});
    expect(seen.asked).toBe(0);
    const first = await metrics.lines();
    await metrics.lines();
    expect(seen.asked).toBe(1);
    expect(first.filter((line) => /backlog|letters/.test(line))).toEqual([
      "anytopic.backlog.messages state=waiting subscription=mail: 4",
      "anytopic.backlog.oldest.age subscription=mail: 2.5",
    ]);
  });

  test("that is lost and found again counts as one reconnect", async () => {
    const { adapter, seen } = watched();
    const metrics = new Metrics();
    await using pubsub = await connect(adapter, { instrumentation: [openTelemetry(metrics)] });
    expect(pubsub.adapter).toBe("memory");
    seen.context?.status("reconnecting", new PubSubError("UNAVAILABLE", "gone"));
    expect(await metrics.lines()).toContain("anytopic.connection.up connection=default: 0");
    seen.context?.status("down", new PubSubError("UNAVAILABLE", "gone"));
    seen.context?.status("up");
    // Trouble that was only announced breaks no connection.
    seen.context?.status("degraded", new PubSubError("UNAVAILABLE", "soon"));
    seen.context?.status("up");
    const lines = await metrics.lines();
    expect(lines).toContain("anytopic.connection.up connection=default: 1");
    expect(lines).toContain("anytopic.connection.reconnects connection=default: 1");
  });
});
