import { setTimeout as realPause } from "node:timers/promises";
import { defineSubscription, defineTopic, MemoryInbox } from "@anytopic/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { testPubSub } from "@anytopic/testing";

const Orders = defineTopic<number>("orders");
const Ship = defineSubscription(Orders, "ship", {
  ackDeadlineMs: 1000,
  maxHandlingMs: 2000,
  retryPolicy: { minBackoffMs: 60_000, maxBackoffMs: 600_000, maxRetries: 3 },
});

afterEach(() => {
  vi.useRealTimers();
});

describe("virtual time", () => {
  it("stands still while a handler waits for something real, far beyond its deadline in virtual time", async (t) => {
    const kit = await testPubSub(t);
    const aborted: boolean[] = [];
    await kit.pubsub.subscribe(Ship, async (_, { attempt, signal }) => {
      await realPause(30);
      aborted.push(signal.aborted);
      if (attempt < 3) throw new Error("again");
    });
    const startMs = kit.now().getTime();
    await kit.pubsub.publish(Orders, 1);
    const ended = await kit.runToQuiescence();
    expect(ended.map(({ outcome, startedAt }) => [outcome, startedAt.getTime() - startMs])).toEqual([
      ["retried", 0],
      ["retried", 60_000],
      ["acked", 180_000],
    ]);
    expect(aborted).toEqual([false, false, false]);
    expect(kit.now().getTime() - startMs).toBe(180_000);
  });

  it("stands still in `advance` too, and `advance` waits for the handler", async (t) => {
    const kit = await testPubSub(t);
    let doneAtMs = 0;
    await kit.pubsub.subscribe(Ship, async () => {
      await realPause(30);
      doneAtMs = kit.now().getTime();
    });
    const startMs = kit.now().getTime();
    await kit.pubsub.publish(Orders, 1);
    expect(await kit.advance(5000)).toMatchObject([{ outcome: "acked" }]);
    expect([doneAtMs - startMs, kit.now().getTime() - startMs]).toEqual([0, 5000]);
  });

  it("moves while a handler sleeps in it, which can so pass its deadline", async (t) => {
    const kit = await testPubSub(t);
    const reasons: unknown[] = [];
    await kit.pubsub.subscribe(Ship, async (_, { attempt, signal }) => {
      if (attempt === 1) await kit.sleep(3000, { signal }).catch((error: unknown) => reasons.push(error));
      else await kit.sleep(1500);
    });
    await kit.pubsub.publish(Orders, 1);
    const ended = await kit.runToQuiescence();
    expect(ended).toMatchObject([{ outcome: "retried", error: { code: "TIMEOUT" } }, { outcome: "acked" }]);
    expect(reasons).toMatchObject([{ code: "TIMEOUT" }]);
    expect((ended[1]?.endedAt.getTime() ?? 0) - (ended[1]?.startedAt.getTime() ?? 0)).toBe(1500);
  });

  it("stands still while a handler publishes, and what it publishes is handled too", async (t) => {
    const kit = await testPubSub(t);
    const Shipped = defineTopic<number>("shipped");
    const seen: number[] = [];
    await kit.pubsub.subscribe(Ship, async (order) => {
      await realPause(5);
      await kit.pubsub.publish(Shipped, order + 1);
    });
    await kit.pubsub.subscribe(defineSubscription(Shipped, "notify"), (order) => void seen.push(order));
    await kit.pubsub.publish(Orders, 1);
    expect(await kit.runToQuiescence()).toHaveLength(2);
    expect(seen).toEqual([2]);
  });

  it("waits for an asynchronous schema", async (t) => {
    const kit = await testPubSub(t);
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: async (value: unknown) => {
          await realPause(20);
          return { value: value as number };
        },
      },
    };
    const Slow = defineTopic<number>("slow", { schema });
    await kit.pubsub.subscribe(defineSubscription(Slow, "worker", { ackDeadlineMs: 1000 }), () => {});
    await kit.pubsub.publish(Slow, 1);
    expect(await kit.advance(60_000)).toMatchObject([{ attempt: 1, outcome: "acked" }]);
  });

  it("says what it waits for when a handler never ends", async (t) => {
    const kit = await testPubSub("hanging", { patienceMs: 50 });
    const hang = Promise.withResolvers<void>();
    await kit.pubsub.subscribe(Ship, () => hang.promise);
    await kit.pubsub.publish(Orders, 1);
    await expect(kit.runToQuiescence()).rejects.toThrow(
      "message hanging/orders/1 of orders/ship, attempt 1, is being handled",
    );
    await expect(kit.close()).rejects.toThrow("the handler of orders/ship still runs, for message hanging/orders/1");
    hang.resolve();
    t.onTestFinished(() => kit.close());
  });

  it("gives up after a day when a message is retried without end, and names it", async (t) => {
    const kit = await testPubSub(t);
    const Forever = defineSubscription(Orders, "forever", { retryPolicy: { maxRetries: Infinity } });
    await kit.pubsub.subscribe(Forever, () => {
      throw new Error("never");
    });
    await kit.pubsub.publish(Orders, 1);
    await expect(kit.runToQuiescence()).rejects.toThrow(/not quiet after 86400000 ms .*orders\/forever: 1\n/);
    expect(kit.handled(Forever).length).toBeGreaterThan(100);
  });

  it("gives up when a handler publishes to its own topic without end", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(Ship, async (order) => void (await kit.pubsub.publish(Orders, order)));
    await kit.pubsub.publish(Orders, 1);
    await expect(kit.deliver(Ship)).rejects.toThrow("deliver has delivered 10000 messages and there are more");
  });

  it("refuses to be moved by a handler", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(Ship, async () => void (await kit.advance(1)));
    await kit.pubsub.publish(Orders, 1);
    expect(await kit.deliver(Ship)).toMatchObject([
      { outcome: "retried", error: { message: expect.stringContaining("advance was called by a handler") } },
    ]);
  });

  it("keeps the order of a key across retries", async (t) => {
    const kit = await testPubSub(t);
    const Keyed = defineTopic<{ key: string; n: number }>("keyed", { orderingKey: ({ key }) => key });
    const seen: string[] = [];
    await kit.pubsub.subscribe(defineSubscription(Keyed, "worker"), ({ key, n }, { attempt }) => {
      if (key === "a" && n === 1 && attempt < 3) throw new Error("again");
      seen.push(`${key}${n}`);
    });
    for (const key of ["a", "b"]) for (const n of [1, 2]) await kit.pubsub.publish(Keyed, { key, n });
    await kit.runToQuiescence();
    expect(seen).toEqual(["b1", "b2", "a1", "a2"]);
  });

  it("runs exactly-once topics, with an inbox that was given", async (t) => {
    const inbox = new MemoryInbox();
    const kit = await testPubSub(t, { inbox });
    const Once = defineTopic<number>("once", { deliveryGuarantee: "exactly-once" });
    let calls = 0;
    const Worker = defineSubscription(Once, "worker", { ackDeadlineMs: 1000 });
    await kit.pubsub.subscribe(Worker, async () => {
      await realPause(5);
      calls += 1;
    });
    kit.faults.duplicate(Worker);
    await kit.pubsub.publish(Once, 1);
    await kit.runToQuiescence();
    expect(calls).toBe(1);
  });
});

describe("fake timers", () => {
  it.for([
    ["all of them", undefined],
    ["without setImmediate", ["setTimeout", "setInterval", "Date", "performance"]],
  ] as const)("may be on: %s", async ([, toFake], { expect: expectHere, onTestFinished }) => {
    vi.useFakeTimers(toFake === undefined ? {} : { toFake: [...toFake] });
    const kit = await testPubSub("fake");
    onTestFinished(() => kit.close());
    await kit.pubsub.subscribe(Ship, async (_, { attempt }) => {
      await Promise.resolve();
      if (attempt < 3) throw new Error("again");
    });
    await kit.pubsub.publish(Orders, 1);
    expectHere((await kit.runToQuiescence()).map(({ outcome }) => outcome)).toEqual(["retried", "retried", "acked"]);
    await kit.close();
  });
});

describe("tests in parallel", () => {
  it("share nothing: 50 of them, with the same names", async () => {
    const one = async (n: number): Promise<readonly unknown[]> => {
      await using kit = await testPubSub("same");
      await kit.pubsub.subscribe(Ship, async (_, { attempt }) => {
        await realPause(n % 5);
        if (attempt < 2) throw new Error("again");
      });
      await kit.pubsub.publish(Orders, n);
      await kit.runToQuiescence();
      return [kit.published(Orders).map(({ id, event }) => [id, event]), kit.handled(Ship).length];
    };
    const results = await Promise.all(Array.from({ length: 50 }, (_, n) => one(n)));
    expect(results).toEqual(Array.from({ length: 50 }, (_, n) => [[["same/orders/1", n]], 2]));
  });
});
