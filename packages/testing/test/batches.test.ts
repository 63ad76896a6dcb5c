import { setTimeout as realPause } from "node:timers/promises";
import { defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { describe, expect, it } from "vitest";
import { testPubSub } from "@anytopic/testing";

const Orders = defineTopic<number>("orders");
const Ship = defineSubscription(Orders, "ship", {
  ackDeadlineMs: 1000,
  maxHandlingMs: 10_000,
  retryPolicy: { minBackoffMs: 60_000, maxBackoffMs: 60_000, maxRetries: 3, jitter: 0 },
});
const batch = { maxMessages: 3, maxWaitMs: 500 };

describe("a batch handler in virtual time", () => {
  it("gets a full batch at once, and others after maxWaitMs", async (t) => {
    const kit = await testPubSub(t);
    const calls: (readonly number[])[] = [];
    await kit.pubsub.subscribe(Ship, (orders) => void calls.push([...orders]), { batch });
    for (const order of [1, 2, 3, 4]) await kit.pubsub.publish(Orders, order);
    expect(await kit.deliver(Ship)).toMatchObject([{ outcome: "acked" }, { outcome: "acked" }, { outcome: "acked" }]);
    expect(calls).toEqual([[1, 2, 3]]);
    expect(await kit.advance(499)).toEqual([]);
    expect(await kit.advance(1)).toMatchObject([{ outcome: "acked" }]);
    expect(calls).toEqual([[1, 2, 3], [4]]);
  });

  it("has one recorded attempt for each message, with its own outcome", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(Ship, () => ["ack", new Reject("never"), new Error("later")], { batch });
    for (const order of [1, 2, 3]) await kit.pubsub.publish(Orders, order);
    const ended = await kit.deliver(Ship);
    expect(ended.map(({ outcome, id }) => `${id} ${outcome}`).toSorted()).toEqual(
      kit.published(Orders).map(({ id }, index) => `${id} ${["acked", "dead-lettered", "retried"][index]}`),
    );
    expect(ended.find(({ outcome }) => outcome === "retried")).toMatchObject({ delayMs: 60_000 });
  });

  it("may wait for something real, and sleep in virtual time", async (t) => {
    const kit = await testPubSub(t);
    const startMs = kit.now().getTime();
    let doneAtMs = 0;
    await kit.pubsub.subscribe(
      Ship,
      async () => {
        await realPause(30);
        await kit.sleep(2000);
        await kit.pubsub.publish(Orders, 0).catch(() => {});
        doneAtMs = kit.now().getTime() - startMs;
      },
      { batch },
    );
    for (const order of [1, 2, 3]) await kit.pubsub.publish(Orders, order);
    expect(await kit.advance(2000)).toHaveLength(3);
    expect(doneAtMs).toBe(2000);
  });
});
