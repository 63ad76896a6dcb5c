import { setTimeout as realPause } from "node:timers/promises";
import { defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { describe, expect, it } from "vitest";
import { testPubSub } from "@anytopic/testing";

const Orders = defineTopic<number>("orders");
const Ship = defineSubscription(Orders, "ship", { ackDeadlineMs: 5000 });

const shown = (ended: readonly { readonly attempt: number; readonly outcome: string }[]): readonly string[] =>
  ended.map(({ attempt, outcome }) => `${attempt} ${outcome}`);

describe("a publish", () => {
  it("fails with a code, once, and was not stored", async (t) => {
    const kit = await testPubSub(t);
    kit.faults.failPublish(Orders, { code: "PERMISSION_DENIED" });
    await expect(kit.pubsub.publish(Orders, 1)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await kit.pubsub.publish(Orders, 2);
    expect(kit.published(Orders).map(({ event }) => event)).toEqual([2]);
  });

  it("fails although it was stored", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(Ship, () => {});
    kit.faults.failPublish(Orders, { stored: true, times: 2, when: ({ id }) => !id.endsWith("/2") });
    await expect(kit.pubsub.publish(Orders, 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await kit.pubsub.publish(Orders, 2);
    await expect(kit.pubsub.publish(Orders, 3)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(kit.handled(Ship)).toEqual([]);
    expect(shown(await kit.runToQuiescence())).toEqual(["1 acked", "1 acked", "1 acked"]);
  });

  it("is confirmed late, in virtual time, and times out when that is too late", async (t) => {
    const kit = await testPubSub(t);
    kit.faults.confirmLate(Orders, { delayMs: 5000 });
    kit.faults.confirmLate(Orders, { delayMs: 31_000 });
    const results: unknown[] = [];
    const published = [1, 2].map((order) =>
      kit.pubsub.publish(Orders, order).then(
        (id) => results.push(id),
        (error: unknown) => results.push(error),
      ),
    );
    await kit.advance(4_999);
    expect(results).toEqual([]);
    await kit.advance(1);
    expect(results).toEqual([expect.stringContaining("/orders/1")]);
    await kit.advance(30_000);
    expect(results).toMatchObject([{}, { code: "TIMEOUT" }]);
    expect(kit.published(Orders)).toHaveLength(2);
    await Promise.all(published);
  });
});

describe("a delivery", () => {
  it("is made twice, with attempt 1", async (t) => {
    const kit = await testPubSub(t);
    const ids: string[] = [];
    await kit.pubsub.subscribe(Ship, (_, { id }) => void ids.push(id));
    kit.faults.duplicate(Ship);
    const id = await kit.pubsub.publish(Orders, 1);
    expect(shown(await kit.runToQuiescence())).toEqual(["1 acked", "1 acked"]);
    expect(ids).toEqual([id, id]);
  });

  it("is repeated when its lease has expired, because its acknowledgement was lost", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(Ship, () => {});
    kit.faults.loseAck(Ship);
    await kit.pubsub.publish(Orders, 1);
    const startMs = kit.now().getTime();
    expect(shown(await kit.runToQuiescence())).toEqual(["1 acked", "2 acked"]);
    expect(kit.now().getTime() - startMs).toBe(5000);
  });

  it("is repeated at once when its lease is lost, while the first handler still runs", async (t) => {
    const kit = await testPubSub(t);
    const seen: string[] = [];
    await kit.pubsub.subscribe(Ship, async (_, { attempt, signal }) => {
      seen.push(`${attempt} begins`);
      await realPause(20);
      seen.push(`${attempt} ends ${signal.aborted}`);
      if (attempt === 1) throw new Error("aborted");
    });
    kit.faults.loseLease(Ship);
    await kit.pubsub.publish(Orders, 1);
    expect(shown(await kit.runToQuiescence())).toEqual(["1 lost", "2 acked"]);
    expect(seen).toEqual(["1 begins", "2 begins", "1 ends true", "2 ends false"]);
  });

  it("overtakes another one, unless they have the same key", async (t) => {
    const kit = await testPubSub(t);
    const Keyed = defineTopic<string>("keyed", { orderingKey: (text) => text.slice(0, 1) });
    const Worker = defineSubscription(Keyed, "worker");
    const seen: string[] = [];
    await kit.pubsub.subscribe(Worker, (text) => void seen.push(text));
    for (const text of ["a1", "a2", "b1"]) await kit.pubsub.publish(Keyed, text);
    kit.faults.reorder(Worker);
    await kit.runToQuiescence();
    expect(seen).toEqual(["b1", "a1", "a2"]);
  });

  it("becomes a dead letter later, when the letter cannot be stored at first, and its handler does not run again", async (t) => {
    const kit = await testPubSub(t);
    let calls = 0;
    await kit.pubsub.subscribe(Ship, () => {
      calls += 1;
      throw new Reject("no such order");
    });
    kit.faults.failDeadLetter(Ship, { times: 2 });
    await kit.pubsub.publish(Orders, 1);
    await kit.runToQuiescence();
    expect(calls).toBe(1);
    expect(kit.handled(Ship).at(-1)).toMatchObject({ outcome: "dead-lettered", because: "rejected" });
    expect(await kit.pubsub.deadLetters(Ship).count()).toBe(1);
  });
});

describe("the broker", () => {
  it("is lost and found again", async (t) => {
    const kit = await testPubSub(t);
    const release = Promise.withResolvers<void>();
    const signals: boolean[] = [];
    await kit.pubsub.subscribe(Ship, async (_, { attempt, signal }) => {
      if (attempt > 1) return;
      kit.disconnect();
      signals.push(signal.aborted);
      await release.promise;
      throw new Error("no connection");
    });
    await kit.pubsub.publish(Orders, 1);
    const delivering = kit.deliver(Ship);
    await expect.poll(() => kit.pubsub.health().status).not.toBe("up");
    await expect(kit.pubsub.publish(Orders, 2)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    release.resolve();
    expect(shown(await delivering)).toEqual(["1 lost"]);
    expect(await kit.advance(60_000)).toEqual([]);
    kit.reconnect();
    expect(kit.pubsub.health().status).toBe("up");
    expect(shown(await kit.runToQuiescence())).toEqual(["2 acked"]);
    expect(signals).toEqual([true]);
  });

  it("redelivers what crashed workers had, when the leases have expired, also what they still finished", async (t) => {
    const kit = await testPubSub(t);
    const finished: number[] = [];
    await kit.pubsub.subscribe(Ship, async (_, { attempt }) => {
      if (attempt === 1) kit.crashWorkers();
      await realPause(5);
      finished.push(attempt);
    });
    await kit.pubsub.publish(Orders, 1);
    const startMs = kit.now().getTime();
    expect(shown(await kit.runToQuiescence())).toEqual(["1 lost", "2 acked"]);
    expect(kit.now().getTime() - startMs).toBe(5000);
    expect(finished).toEqual([1, 2]);
  });
});

describe("faults", () => {
  it("that no message met fail the test", async () => {
    const kit = await testPubSub("leftovers");
    kit.faults.failPublish(Orders);
    kit.faults.duplicate(Ship, { times: 3 });
    await expect(kit.close()).rejects.toThrow(
      "no message has met this fault: orders: publish fails with UNAVAILABLE; " +
        "no message has met this fault: orders/ship: duplicate (3 times)",
    );
    await kit.close();
  });

  it("refuse wrong options", async (t) => {
    const kit = await testPubSub(t);
    expect(() => kit.faults.duplicate(Ship, { times: 0 })).toThrow("times is 0: must be a whole number from 1");
    expect(() => kit.faults.confirmLate(Orders, { delayMs: 0 })).toThrow("delayMs must be a finite number above 0");
  });
});

describe("during", () => {
  it("lets time pass for a publish that is confirmed late, and nothing is delivered", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(Ship, () => {});
    kit.faults.confirmLate(Orders, { delayMs: 5000 });
    const startMs = kit.now().getTime();
    await kit.during(kit.pubsub.publish(Orders, 1));
    expect(kit.now().getTime() - startMs).toBe(5000);
    expect(kit.handled(Ship)).toEqual([]);
  });
});
