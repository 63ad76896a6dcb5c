import { describe, expect, it } from "vitest";
import {
  ack,
  message,
  ProbeSink,
  publish,
  release,
  retry,
  subscriptionSpec,
  topicSpec,
  withTopology,
} from "./probe.ts";

const topic = topicSpec({ ordered: true });
const subscription = subscriptionSpec(topic);
const keyed = (id: string) => message(id, { orderingKey: id.slice(0, 1) });

describe("ordering by key", () => {
  it("hands out one message of a key at a time, and other keys beside it", async () => {
    const { driver } = await withTopology([subscription]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
    await publish(driver, topic, ["a1", "a2", "b1", "a3", "b2"].map(keyed));
    expect(sink.ids).toEqual(["a1", "b1"]);
    void ack(sink.deliveries[0]);
    expect(sink.ids).toEqual(["a1", "b1", "a2"]);
    void ack(sink.deliveries[1]);
    void ack(sink.deliveries[2]);
    expect(sink.ids).toEqual(["a1", "b1", "a2", "b2", "a3"]);
  });

  it("keeps the key closed during a delay, across workers", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sinks = [new ProbeSink(), new ProbeSink()];
    for (const sink of sinks) await driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
    const all = (): readonly string[] => sinks.flatMap((sink) => sink.deliveries.map((d) => `${d.id} ${d.attempt}`));
    await publish(driver, topic, ["a1", "a2", "a3"].map(keyed));
    expect(all()).toEqual(["a1 1"]);
    void retry(sinks.flatMap((sink) => sink.deliveries)[0], 5_000);
    await publish(driver, topic, ["a4"].map(keyed));
    await clock.advance(4_999);
    expect(all()).toEqual(["a1 1"]);
    await clock.advance(1);
    expect(all()).toContain("a1 2");
    expect(all()).toHaveLength(2);
  });

  it("does not let the successors overtake when a lease runs out or a message is released", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
    await publish(driver, topic, ["a1", "a2"].map(keyed));
    void release(sink.deliveries[0]);
    await clock.advance(30_000);
    expect(sink.deliveries.map(({ id, attempt }) => `${id} ${attempt}`)).toEqual(["a1 1", "a1 1", "a1 2"]);
    void ack(sink.deliveries[2]);
    expect(sink.ids.at(-1)).toBe("a2");
  });

  it("holds for thousands of messages with failures, several workers and random settling", async () => {
    const { driver, clock } = await withTopology([subscription]);
    let seed = 7;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const settled = new Map<string, number[]>();
    const open = new Set<string>();
    const overlaps: string[] = [];
    const sinks = [1, 2, 3].map(
      () =>
        new ProbeSink((delivery) => {
          const key = delivery.orderingKey ?? "";
          if (open.has(key)) overlaps.push(delivery.id);
          open.add(key);
          queueMicrotask(() => {
            open.delete(key);
            if (random() < 0.3) {
              void retry(delivery, random() < 0.5 ? 0 : Math.ceil(random() * 1_000));
            } else {
              settled.set(key, [...(settled.get(key) ?? []), Number(delivery.id.split("-")[1])]);
              void ack(delivery);
            }
          });
        }),
    );
    for (const sink of sinks) await driver.openSubscriber(subscription, sink, { maxOutstanding: 5 });
    const sent = Array.from({ length: 3_000 }, (_, index) => message(`m-${index}`, { orderingKey: `k${index % 17}` }));
    await publish(driver, topic, sent);
    await clock.advance(3_600_000);
    expect(overlaps).toEqual([]);
    expect([...settled.values()].flat()).toHaveLength(3_000);
    for (const numbers of settled.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  it("opens the key when the message it waits for has expired", async () => {
    const short = topicSpec({ ordered: true, retentionMs: 60_000 });
    const worker = subscriptionSpec(short);
    const { driver, clock } = await withTopology([worker]);
    const sink = new ProbeSink();
    await driver.openSubscriber(worker, sink, { maxOutstanding: 10 });
    await publish(driver, short, ["a1"].map(keyed));
    void retry(sink.deliveries[0], 120_000);
    await clock.advance(100_000);
    await publish(driver, short, ["a2"].map(keyed));
    await clock.advance(20_000);
    expect(sink.ids).toEqual(["a1", "a2"]);
  });
});
