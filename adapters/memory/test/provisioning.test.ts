import { describe, expect, it } from "vitest";
import type { MemoryBroker } from "@anytopic/memory";
import {
  ack,
  message,
  openDriver,
  ProbeSink,
  publish,
  retry,
  subscriptionSpec,
  topicSpec,
  withTopology,
} from "./probe.ts";

const topic = topicSpec();
const subscription = subscriptionSpec(topic);
const topology = { topics: [topic], subscriptions: [subscription] };

describe("provisioning", () => {
  it("creates what is missing, once, and changes nothing by planning", async () => {
    const { driver } = await openDriver();
    const missing = [
      { action: "create", resource: "topic orders", detail: "" },
      { action: "create", resource: "subscription orders/worker", detail: "" },
    ];
    expect(await driver.plan(topology)).toEqual(missing);
    expect(await driver.plan(topology)).toEqual(missing);
    expect(await driver.apply(topology, { update: false })).toEqual(missing);
    expect(await driver.plan(topology)).toEqual([]);
    expect(await driver.apply(topology, { update: true })).toEqual([]);
  });

  it("changes in place only when asked to, and never what would have to be deleted first", async () => {
    const { driver } = await withTopology([subscription]);
    const changedTopic = topicSpec({ ordered: true, exactlyOnce: true, retentionMs: 60_000 });
    const changed = { topics: [], subscriptions: [subscriptionSpec(changedTopic, { ackDeadlineMs: 5_000 })] };
    const replace = { action: "replace", resource: "topic orders", detail: "ordered is false, declared true" };
    const updates = [
      { action: "update", resource: "topic orders", detail: "exactlyOnce is false, declared true" },
      { action: "update", resource: "topic orders", detail: "retentionMs is 604800000, declared 60000" },
      {
        action: "update",
        resource: "subscription orders/worker",
        detail: "ackDeadlineMs is 30000, declared 5000",
      },
    ];
    expect(await driver.plan(changed)).toEqual([replace, ...updates]);
    expect(await driver.apply(changed, { update: false })).toEqual([]);
    expect(await driver.plan(changed)).toEqual([replace, ...updates]);
    expect(await driver.apply(changed, { update: true })).toEqual(updates);
    expect(await driver.plan(changed)).toEqual([replace]);
  });

  it("destroys with messages and letters, and says what was there", async () => {
    const { driver } = await withTopology([subscription, subscriptionSpec(topic, { name: "other" })]);
    await publish(driver, topic, [message("a")]);
    const letters = await driver.openDeadLetters(subscription);
    await letters.store(message("b"));
    expect(await driver.destroy(topology)).toEqual([
      "subscription orders/worker",
      "subscription orders/other",
      "topic orders",
    ]);
    expect(await driver.destroy(topology)).toEqual([]);
    await driver.apply(topology, { update: false });
    expect(await letters.count()).toBe(0);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    expect(sink.ids).toEqual([]);
  });

  it("tells a worker that its subscription was deleted, and takes up work when it is there again", async () => {
    const { driver } = await withTopology([subscription]);
    const sink = new ProbeSink();
    const worker = await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    await publish(driver, topic, [message("a")]);
    await driver.destroy({ topics: [], subscriptions: [subscription] });
    expect(sink.failures).toMatchObject([{ code: "NOT_FOUND" }]);
    expect(sink.revoked).toHaveLength(1);
    await driver.apply(topology, { update: false });
    await publish(driver, topic, [message("b")]);
    await expect(ack(sink.deliveries[0])).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(sink.ids).toEqual(["a", "b"]);
    await worker.stop(1000);
    await worker.close(1000);
    await driver.destroy({ topics: [], subscriptions: [subscription] });
    expect(sink.failures).toHaveLength(1);
  });

  it("frees what a deleted subscription held: out, delayed, returned, fresh, and behind its key", async () => {
    const keyed = topicSpec({ ordered: true });
    const [doomed, kept] = [subscriptionSpec(keyed), subscriptionSpec(keyed, { name: "kept" })];
    const { driver, clock } = await withTopology([doomed, kept]);
    const broker = driver.native as MemoryBroker;
    const sink = new ProbeSink();
    await driver.openSubscriber(doomed, sink, { maxOutstanding: 2 });
    await driver.openSubscriber(kept, new ProbeSink((delivery) => void ack(delivery)), { maxOutstanding: 2 });
    const keys = ["a", "a", "b", "c", "d", "e"];
    await publish(
      driver,
      keyed,
      keys.map((orderingKey, index) => message(`m${index}`, { orderingKey })),
    );
    void retry(sink.deliveries[0], 60_000);
    void retry(sink.deliveries[1], 0);
    expect(broker.topicStatistics()).toMatchObject([{ messages: 6 }]);
    await driver.destroy({ topics: [], subscriptions: [doomed] });
    expect(broker.topicStatistics()).toMatchObject([{ messages: 0, bytes: 0 }]);
    await clock.advance(120_000);
    expect(broker.topicStatistics()).toMatchObject([{ messages: 0, bytes: 0 }]);
  });

  it("a worker on something missing is refused", async () => {
    const { driver } = await openDriver();
    const opening = driver.openSubscriber(subscription, new ProbeSink(), { maxOutstanding: 1 });
    await expect(opening).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("topic orders"),
    });
    await driver.apply({ topics: [topic], subscriptions: [] }, { update: false });
    const again = driver.openSubscriber(subscription, new ProbeSink(), { maxOutstanding: 1 });
    await expect(again).rejects.toMatchObject({ message: expect.stringContaining("subscription orders/worker") });
  });

  it("topic and subscription names are never mixed up", async () => {
    const left = subscriptionSpec(topicSpec({ name: "a" }), { name: "b-c" });
    const right = subscriptionSpec(topicSpec({ name: "a-b" }), { name: "c" });
    const { driver } = await withTopology([left, right]);
    const sink = new ProbeSink();
    await driver.openSubscriber(right, sink, { maxOutstanding: 1 });
    await publish(driver, left.topic, [message("x")]);
    expect(sink.ids).toEqual([]);
  });

  it("is refused on a closed connection", async () => {
    const { driver } = await openDriver();
    await driver.close(1000);
    await driver.close(1000);
    await expect(driver.plan(topology)).rejects.toMatchObject({ code: "CLOSED" });
    await expect(driver.openSubscriber(subscription, new ProbeSink(), { maxOutstanding: 1 })).rejects.toMatchObject({
      code: "CLOSED",
    });
  });
});
