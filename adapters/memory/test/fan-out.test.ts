import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "@anytopic/core";
import type { DriverDelivery } from "@anytopic/core/driver";
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
const numbered = (count: number) => Array.from({ length: count }, (_, index) => message(`m${index}`));

const isPoison = (delivery: DriverDelivery) => delivery.id.startsWith("poison");

describe("subscriptions and workers", () => {
  it("each subscription gets everything, however slow another is", async () => {
    const other = subscriptionSpec(topic, { name: "other" });
    const { driver } = await withTopology([subscription, other]);
    const stuck = new ProbeSink();
    const quick = new ProbeSink((delivery) => void ack(delivery));
    await driver.openSubscriber(subscription, stuck, { maxOutstanding: 2 });
    await driver.openSubscriber(other, quick, { maxOutstanding: 2 });
    await publish(driver, topic, numbered(100));
    expect(stuck.deliveries).toHaveLength(2);
    expect(quick.ids).toEqual(numbered(100).map(({ id }) => id));
  });

  it("a subscription gets what was published after it was created, even before somebody listens", async () => {
    const { driver } = await withTopology([subscription]);
    await publish(driver, topic, [message("before")]);
    const late = subscriptionSpec(topic, { name: "late" });
    await driver.apply({ topics: [], subscriptions: [late] }, { update: false });
    await publish(driver, topic, [message("after")]);
    const sinks = [new ProbeSink(), new ProbeSink()];
    await driver.openSubscriber(subscription, sinks[0]!, { maxOutstanding: 9 });
    await driver.openSubscriber(late, sinks[1]!, { maxOutstanding: 9 });
    expect(sinks.map(({ ids }) => ids)).toEqual([["before", "after"], ["after"]]);
  });

  it("workers share the messages evenly, whoever has places, and nobody gets more than its places", async () => {
    const { driver } = await withTopology([subscription]);
    const sinks = [3, 30, 30].map((places) => ({ places, sink: new ProbeSink() }));
    for (const { places, sink } of sinks) await driver.openSubscriber(subscription, sink, { maxOutstanding: places });
    await publish(driver, topic, numbered(43));
    expect(sinks.map(({ sink }) => sink.deliveries.length)).toEqual([3, 20, 20]);
    await publish(
      driver,
      topic,
      numbered(100).map(({ id }) => message(`more-${id}`)),
    );
    expect(sinks.map(({ sink }) => sink.deliveries.length)).toEqual([3, 30, 30]);
    const union = sinks.flatMap(({ sink }) => sink.ids);
    expect(new Set(union).size).toBe(union.length);
  });

  it("fresh messages and returned ones take turns, so that neither starves", async () => {
    const { driver } = await withTopology([subscription]);
    let tries = 0;
    const sink = new ProbeSink((delivery) =>
      queueMicrotask(() => {
        if (!isPoison(delivery)) void ack(delivery);
        else if ((tries += 1) < 500) void retry(delivery, 0);
      }),
    );
    await publish(driver, topic, [message("poison-1"), message("poison-2"), ...numbered(50)]);
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 2 });
    await expect.poll(() => tries).toBeGreaterThanOrEqual(500);
    expect(sink.deliveries.slice(0, 120).filter((delivery) => !isPoison(delivery))).toHaveLength(50);
  });

  it("gives the event loop a turn within a long backlog, even when handlers settle at once", async () => {
    const { driver } = await withTopology([subscription]);
    await publish(driver, topic, numbered(20_000));
    const sink = new ProbeSink((delivery) => queueMicrotask(() => void ack(delivery)));
    const opening = driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
    await opening;
    await nextTurn();
    expect(sink.deliveries.length).toBeLessThan(5_000);
    await expect.poll(() => sink.deliveries.length).toBe(20_000);
  });

  it("gives the event loop a turn when handlers are slow", async () => {
    const { driver } = await openDriver({}, systemClock);
    await driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
    const sink = new ProbeSink((delivery) => {
      const untilMs = performance.now() + 1;
      while (performance.now() < untilMs);
      void ack(delivery);
    });
    const worker = await driver.openSubscriber(subscription, sink, { maxOutstanding: 1_000 });
    void publish(driver, topic, numbered(200));
    await nextTurn();
    await nextTurn();
    expect(sink.deliveries.length).toBeLessThan(200);
    await expect.poll(() => sink.deliveries.length).toBe(200);
    await worker.close(1000);
  });

  it("a worker keeps the process alive until it is closed", async () => {
    const { driver } = await withTopology([subscription]);
    const timeouts = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timeouts();
    const worker = await driver.openSubscriber(subscription, new ProbeSink(), { maxOutstanding: 1 });
    expect(timeouts()).toBe(before + 1);
    await worker.close(1000);
    await worker.close(1000);
    expect(timeouts()).toBe(before);
  });

  it("publishing does not outrun delivery: the backlog stays short when workers keep up", async () => {
    const { driver } = await withTopology([subscription]);
    const sink = new ProbeSink((delivery) => void ack(delivery));
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
    const publisher = await driver.openPublisher(topic);
    let longest = 0;
    let accepted = 0;
    const accept = (): void => {
      accepted += 1;
      longest = Math.max(longest, accepted - sink.deliveries.length);
    };
    for (let batch = 0; batch < 20; batch += 1) {
      publisher.publish(
        numbered(1_000).map((one) => ({ ...one, id: `${batch}-${one.id}`, awaited: true, accept, reject: () => {} })),
      );
    }
    await expect.poll(() => sink.deliveries.length).toBe(20_000);
    expect(longest).toBeLessThan(100);
  });

  it("goes on after a sink threw", async () => {
    const { driver } = await withTopology([subscription]);
    const mistake = new Error("sinks never throw");
    const sink = new ProbeSink((delivery) => {
      void ack(delivery);
      if (delivery.id === "m0") throw mistake;
    });
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    const publisher = await driver.openPublisher(topic);
    const send = (id: string): void =>
      publisher.publish([{ ...message(id), awaited: true, accept: () => {}, reject: () => {} }]);
    expect(() => send("m0")).toThrow(mistake);
    send("m1");
    expect(sink.ids).toEqual(["m0", "m1"]);
  });

  it("a handler that publishes, and settles at once, does not deepen the stack", async () => {
    const { driver } = await withTopology([subscription]);
    let published = 0;
    const publisher = await driver.openPublisher(topic);
    const next = (): void => {
      published += 1;
      if (published > 50_000) return;
      publisher.publish([{ ...message(`m${published}`), awaited: true, accept: () => {}, reject: () => {} }]);
    };
    const sink = new ProbeSink((delivery) => {
      void ack(delivery);
      next();
    });
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    next();
    await expect.poll(() => sink.deliveries.length).toBe(50_000);
  });
});
