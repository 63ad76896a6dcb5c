import { describe, expect, it } from "vitest";
import { systemClock } from "@anytopic/core";
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

describe("delayed retries", () => {
  it("come when they are due, in the order of their due times, with the attempt one higher", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
    await publish(driver, topic, [message("slow"), message("fast"), message("middle"), message("middle-2")]);
    for (const [index, delayMs] of [5_000, 1_000, 2_000, 2_000].entries()) void retry(sink.deliveries[index], delayMs);
    sink.deliveries.length = 0;
    await clock.advance(999);
    expect(sink.ids).toEqual([]);
    await clock.advance(1);
    expect(sink.ids).toEqual(["fast"]);
    await clock.advance(1_000);
    expect(sink.ids).toEqual(["fast", "middle", "middle-2"]);
    await clock.advance(3_000);
    expect(sink.deliveries.map(({ id, attempt }) => `${id} ${attempt}`)).toEqual([
      "fast 2",
      "middle 2",
      "middle-2 2",
      "slow 2",
    ]);
  });

  it("hold no place of the worker", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink((delivery) => void (delivery.attempt === 1 ? retry(delivery, 10_000) : ack(delivery)));
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    await publish(
      driver,
      topic,
      Array.from({ length: 100 }, (_, index) => message(`m${index}`)),
    );
    expect(sink.deliveries).toHaveLength(100);
    await clock.advance(10_000);
    expect(sink.deliveries).toHaveLength(200);
  });

  it("survive the worker and the moment at which nobody listens", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const first = new ProbeSink((delivery) => void retry(delivery, 1_000));
    const worker = await driver.openSubscriber(subscription, first, { maxOutstanding: 1 });
    await publish(driver, topic, [message("a")]);
    await worker.stop(1000);
    await worker.close(1000);
    await clock.advance(5_000);
    const second = new ProbeSink();
    await driver.openSubscriber(subscription, second, { maxOutstanding: 1 });
    expect(second.deliveries).toMatchObject([{ id: "a", attempt: 2 }]);
  });

  it("are never early by the real clock", async () => {
    const { driver } = await openDriver({}, systemClock);
    await driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
    const retriedAt = new Map<string, number>();
    const waitedMs: number[] = [];
    const sink = new ProbeSink((delivery) => {
      if (delivery.attempt === 1) {
        retriedAt.set(delivery.id, performance.now());
        void retry(delivery, 10);
      } else {
        waitedMs.push(performance.now() - (retriedAt.get(delivery.id) ?? 0));
        void ack(delivery);
      }
    });
    const worker = await driver.openSubscriber(subscription, sink, { maxOutstanding: 1_000 });
    for (let index = 0; index < 200; index += 1) {
      await publish(driver, topic, [message(`m${index}`)]);
      const untilMs = performance.now() + 0.1;
      while (performance.now() < untilMs);
    }
    await expect.poll(() => waitedMs.length).toBe(200);
    await worker.close(1000);
    expect(Math.min(...waitedMs)).toBeGreaterThanOrEqual(10);
  });
});

describe("delayed messages", () => {
  it("of a topic that was deleted are gone: none is found, and none can be cancelled", async () => {
    const { driver } = await withTopology([subscription]);
    const schedule = await driver.openSchedule!(topic);
    const due = { atMs: 60_000, delayMs: 60_000 };
    schedule.add([{ ...message("a"), awaited: true, due, accept: () => {}, reject: () => {} }]);
    expect(await schedule.list!(9)).toMatchObject([{ id: "a" }]);
    await driver.destroy({ topics: [topic], subscriptions: [subscription] });
    expect(await schedule.list!(9)).toEqual([]);
    expect(await schedule.cancel!("a")).toBe(false);
  });
});
