import { describe, expect, test } from "vitest";
import { connect, defineSubscription, defineTopic, type SubscriptionConfig } from "@anytopic/core";

const Jobs = defineTopic<number>("jobs");
const Work = defineSubscription(Jobs, "work", { maxConcurrency: 50, retryPolicy: { minBackoffMs: 0, maxRetries: 9 } });

const configOf = (work: SubscriptionConfig): { readonly config: object } => ({
  config: { connections: { main: { url: "memory:" } }, topics: { jobs: { subscriptions: { work } } } },
});

describe("what the file replaces in a subscription", () => {
  test("is in force, frozen, and everything else stays as declared", async () => {
    await using pubsub = await connect(
      configOf({
        maxConcurrency: 3,
        ackDeadlineMs: 1000,
        retryPolicy: { maxRetries: "Infinity", minBackoffMs: 700_000 },
      }),
    );
    await using worker = await pubsub.subscribe(Work, () => {});
    expect(worker.subscription).toMatchObject({
      kind: "subscription",
      name: "work",
      topic: Jobs,
      maxConcurrency: 3,
      ackDeadlineMs: 1000,
      maxHandlingMs: Work.maxHandlingMs,
      // A longer lower bound takes the upper one along, as in a declaration.
      retryPolicy: { minBackoffMs: 700_000, maxBackoffMs: 700_000, maxRetries: Number.POSITIVE_INFINITY, jitter: 0.1 },
    });
    expect([Object.isFrozen(worker.subscription), Object.isFrozen(worker.subscription.retryPolicy)]).toEqual([
      true,
      true,
    ]);
    await using other = await pubsub.subscribe(Work, () => {});
    expect(other.subscription).toBe(worker.subscription);
  });

  test("nothing replaced is the declaration itself", async () => {
    await using pubsub = await connect({ config: { connections: { main: { url: "memory:" } } } });
    await using worker = await pubsub.subscribe(Work, () => {});
    expect(worker.subscription).toBe(Work);
  });

  test("concurrency holds; the program's argument wins over it", async () => {
    await using pubsub = await connect(configOf({ maxConcurrency: 2 }));
    let running = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const handler = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await gate.promise;
      running -= 1;
    };
    const worker = await pubsub.subscribe(Work, handler);
    for (let event = 0; event < 6; event += 1) await pubsub.publish(Jobs, event);
    await expect.poll(() => running).toBe(2);
    await expect.poll(() => worker.health().waiting).toBe(2);
    await using wider = await pubsub.subscribe(Work, handler, { maxConcurrency: 1, prefetch: 0 });
    await expect.poll(() => wider.health().running).toBe(1);
    expect(most).toBe(3);
    gate.resolve();
    await worker.close();
  });

  test("rate and circuit: the file wins over the declaration, and the program's argument over both", async () => {
    const Limited = defineSubscription(Jobs, "work", {
      rate: { max: 1, perMs: 60_000 },
      circuit: { failures: 9, openMs: 1000, maxOpenMs: 2000, probes: 3 },
    });
    await using pubsub = await connect(configOf({ rate: { max: 2, perMs: 60_000 }, circuit: { openMs: 5000 } }));
    const started: number[] = [];
    await using worker = await pubsub.subscribe(Limited, (event) => void started.push(event));
    expect(worker.subscription).toMatchObject({
      rate: { max: 2, perMs: 60_000 },
      // A longer first time takes the longest one along.
      circuit: { failures: 9, openMs: 5000, maxOpenMs: 5000, probes: 3 },
    });
    for (let event = 0; event < 6; event += 1) await pubsub.publish(Jobs, event);
    await expect.poll(() => started).toHaveLength(2);
    await worker.close();
    await using wider = await pubsub.subscribe(Limited, (event) => void started.push(event), {
      rate: { max: 3, perMs: 60_000 },
    });
    await expect.poll(() => started).toHaveLength(5);
    await expect.poll(() => wider.health().waiting).toBe(1);
    expect(wider.health().circuit).toEqual({ state: "closed", failures: 0, openForMs: 0 });
    await wider.close();
  });

  test("prefetch holds", async () => {
    await using pubsub = await connect(configOf({ maxConcurrency: 1, prefetch: 0 }));
    const gate = Promise.withResolvers<void>();
    await using worker = await pubsub.subscribe(Work, () => gate.promise);
    for (let event = 0; event < 4; event += 1) await pubsub.publish(Jobs, event);
    await expect.poll(() => worker.health().running).toBe(1);
    expect(worker.health().waiting).toBe(0);
    gate.resolve();
  });

  test("retries hold", async () => {
    await using pubsub = await connect(configOf({ retryPolicy: { maxRetries: 1 } }));
    let attempts = 0;
    await pubsub.subscribe(Work, () => {
      attempts += 1;
      throw new Error("always");
    });
    await pubsub.publish(Jobs, 1);
    await expect.poll(() => pubsub.deadLetters(Work).count()).toBe(1);
    expect(attempts).toBe(2);
  });

  test("what does not go with the declaration is refused where it is used", async () => {
    await using pubsub = await connect(configOf({ maxHandlingMs: 5000 }));
    await expect(pubsub.subscribe(Work, () => {})).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(
        /^the configuration: topics\.jobs\.subscriptions\.work does not go with its declaration: .*maxHandlingMs is 5000: must be a whole number from 30000/,
      ),
    });
    await expect(connect({ ...configOf({ maxHandlingMs: 5000 }), declarations: [Work] })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
    });
  });
});

describe("routeOf", () => {
  test("tells the connections of a declaration, and what is in force for it", async () => {
    const connections = { main: { url: "memory:" }, other: { url: "memory:" } };
    const subscriptions = { work: { ackDeadlineMs: 1000, connections: ["main", "other"] } };
    const topics = { jobs: { mirror: "other", subscriptions } };
    await using pubsub = await connect({ config: { default: "main", connections, topics } });
    const { declaration, ...route } = pubsub.routeOf(Work);
    expect(route).toEqual({ connections: ["main", "other"] });
    expect(declaration).toMatchObject({ name: "work", ackDeadlineMs: 1000, maxConcurrency: 50 });
    expect(pubsub.routeOf(Jobs)).toEqual({ connections: ["main", "other"], declaration: Jobs });
    const Free = defineSubscription(Jobs, "free");
    expect(pubsub.routeOf(Free)).toEqual({ connections: ["main"], declaration: Free });
  });

  test("refuses what is no declaration", async () => {
    await using pubsub = await connect("memory:");
    expect(() => pubsub.routeOf("jobs" as never)).toThrow(/^subscription is text: must be made by defineSubscription/);
  });
});
