import { describe, expect, it } from "vitest";
import { type Clock, VirtualClock } from "@anytopic/core";
import {
  ack,
  message,
  openDriver,
  ProbeSink,
  publish,
  release,
  retry,
  subscriptionSpec,
  topicSpec,
  withTopology,
} from "./probe.ts";

const topic = topicSpec();
const subscription = subscriptionSpec(topic, { ackDeadlineMs: 10_000 });

describe("leases", () => {
  it("redelivers with the next attempt when a lease runs out, and refuses the late settle", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 2 });
    await publish(driver, topic, [message("a")]);
    await clock.advance(9_999);
    expect(sink.deliveries).toHaveLength(1);
    await clock.advance(1);
    expect(sink.deliveries.map(({ id, attempt }) => [id, attempt])).toEqual([
      ["a", 1],
      ["a", 2],
    ]);
    expect(sink.revoked).toEqual([sink.deliveries[0]]);
    await expect(ack(sink.deliveries[0])).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(ack(sink.deliveries[1])).toBeUndefined();
    await clock.advance(60_000);
    expect(sink.deliveries).toHaveLength(2);
  });

  it("lasts as long as it should although the wall clock was set forward", async () => {
    const virtual = new VirtualClock();
    let setForwardMs = 0;
    const clock: Clock = {
      now: () => virtual.now() + setForwardMs,
      monotonicNow: () => virtual.monotonicNow(),
      setTimer: (ring, delayMs) => virtual.setTimer(ring, delayMs),
      clearTimer: (handle) => virtual.clearTimer(handle),
    };
    const { driver } = await openDriver({}, clock);
    await driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 2 });
    await publish(driver, topic, [message("a")]);
    setForwardMs = 3_600_000;
    await publish(driver, topic, [message("b")]);
    await virtual.advance(9_999);
    expect(sink.revoked).toEqual([]);
    await virtual.advance(1);
    expect(sink.revoked.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("does not spend an attempt on a delivery that no handler had started", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink();
    sink.unstarted = true;
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    await publish(driver, topic, [message("a")]);
    await clock.advance(10_000);
    expect(sink.deliveries.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  it("frees the place of a delivery that was lost", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    await publish(driver, topic, [message("a")]);
    await clock.advance(30_000);
    expect(sink.deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  it("keeps what is renewed, and gives the rest to another worker", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink();
    const worker = await driver.openSubscriber(subscription, sink, { maxOutstanding: 2 });
    await publish(driver, topic, [message("a"), message("b")]);
    const other = new ProbeSink((delivery) => void ack(delivery));
    await driver.openSubscriber(subscription, other, { maxOutstanding: 2 });
    for (let step = 0; step < 10; step += 1) {
      await clock.advance(3_000);
      worker.extend(sink.deliveries.slice(0, 1));
    }
    expect(sink.revoked.map(({ id }) => id)).toEqual(["b"]);
    expect(other.deliveries[0]).toMatchObject({ id: "b", attempt: 2 });
    expect(ack(sink.deliveries[0])).toBeUndefined();
  });

  it("does not renew a lease for ever", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink();
    const worker = await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    await publish(driver, topic, [message("a")]);
    const halfDayMs = 12 * 60 * 60 * 1000;
    for (let heldMs = 0; heldMs < halfDayMs - 16_000; heldMs += 8_000) {
      await clock.advance(8_000);
      worker.extend(sink.deliveries);
    }
    expect(sink.revoked).toEqual([]);
    for (let step = 0; step < 4; step += 1) {
      await clock.advance(8_000);
      worker.extend(sink.deliveries);
    }
    expect(sink.revoked).toEqual([sink.deliveries[0]]);
  });

  it("prefers another worker to the one that gave a message back", async () => {
    const { driver } = await withTopology([subscription]);
    const [first, second] = [new ProbeSink(), new ProbeSink()];
    for (const sink of [first, second]) await driver.openSubscriber(subscription, sink, { maxOutstanding: 9 });
    await publish(driver, topic, [message("a"), message("b")]);
    void release(first.deliveries[0]);
    void release(second.deliveries[1]);
    expect([first.ids, second.ids]).toEqual([
      ["a", "a"],
      ["b", "a"],
    ]);
  });

  it("lets workers renew before leases end when the whole process was stopped", async () => {
    let nowMs = 0;
    const timers: { readonly ring: () => void; readonly delayMs: number }[] = [];
    const clock: Clock = {
      now: () => nowMs,
      monotonicNow: () => nowMs,
      setTimer: (ring, delayMs) => timers.push({ ring, delayMs }),
      clearTimer: () => {},
    };
    const { driver } = await openDriver({}, clock);
    await driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
    const sink = new ProbeSink();
    const worker = await driver.openSubscriber(subscription, sink, { maxOutstanding: 2 });
    await publish(driver, topic, [message("a"), message("b")]);
    nowMs = 60_000;
    timers.pop()?.ring();
    expect(sink.revoked).toEqual([]);
    worker.extend(sink.deliveries.slice(0, 1));
    const grace = timers.pop();
    nowMs += grace?.delayMs ?? 0;
    grace?.ring();
    expect(sink.revoked.map(({ id }) => id)).toEqual(["b"]);
  });

  it("settles each delivery once", async () => {
    const { driver } = await withTopology([subscription]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    await publish(driver, topic, [message("a"), message("b")]);
    expect(ack(sink.deliveries[0])).toBeUndefined();
    await expect(retry(sink.deliveries[0], 0)).rejects.toMatchObject({ code: "LEASE_LOST" });
    await expect(ack(sink.deliveries[0])).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(sink.ids).toEqual(["a", "b"]);
  });

  it("gives back at once what a closed worker left, and what a worker releases, to another", async () => {
    const { driver } = await withTopology([subscription]);
    const leaving = new ProbeSink();
    const worker = await driver.openSubscriber(subscription, leaving, { maxOutstanding: 3 });
    await publish(driver, topic, [message("a"), message("b"), message("c")]);
    const staying = new ProbeSink();
    await driver.openSubscriber(subscription, staying, { maxOutstanding: 10 });
    void release(leaving.deliveries[2]);
    expect(staying.deliveries).toMatchObject([{ id: "c", attempt: 1 }]);
    await worker.stop(1000);
    void release(leaving.deliveries[1]);
    expect(staying.deliveries[1]).toMatchObject({ id: "b", attempt: 1 });
    await worker.close(1000);
    expect(staying.deliveries[2]).toMatchObject({ id: "a", attempt: 2 });
    await expect(ack(leaving.deliveries[0])).rejects.toMatchObject({ code: "LEASE_LOST" });
    await publish(driver, topic, [message("d")]);
    expect(leaving.deliveries).toHaveLength(3);
  });
});
