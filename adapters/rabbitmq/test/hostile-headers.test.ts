import { startBrokerOrSkip } from "@anytopic/brokers";
import { seededRandom } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { rabbitmq, type RabbitmqNative } from "@anytopic/rabbitmq";
import { afterAll, afterEach, expect, test } from "vitest";
import { hostileProperties } from "./hostile-properties.ts";
import { nestedTables, type RawPublisher, rawPublisher, type RawTarget } from "./raw-publisher.ts";

const broker = await startBrokerOrSkip("rabbitmq");
const open = new Set<{ close(): Promise<void> }>();

afterEach(async () => {
  await Promise.all([...open].map((opened) => opened.close()));
  open.clear();
});
afterAll(async () => await broker?.close());

async function connected(): Promise<PubSub> {
  const pubsub = await connect(rabbitmq({ url: broker!.url }));
  open.add(pubsub);
  return pubsub;
}

async function stranger(): Promise<RawPublisher> {
  const publisher = await rawPublisher(broker!.url);
  open.add(publisher);
  return publisher;
}

const to = (exchange: string): RawTarget => ({ exchange, routingKey: "" });
const toQueue = (routingKey: string): RawTarget => ({ exchange: "", routingKey });

const INNOCENTS = 60;

test.skipIf(broker === undefined)(
  "headers nested 4,000 deep cost no neighbour an attempt, and become dead letters with their body",
  { timeout: 60_000 },
  async () => {
    const [topic, neighbour] = [defineTopic<number>("deep"), defineTopic<number>("deep-neighbour")];
    const retryPolicy = { maxRetries: 1, minBackoffMs: 100, maxBackoffMs: 100 };
    const subscriptions = [topic, neighbour].map((one) => defineSubscription(one, "worker", { retryPolicy }));
    const pubsub = await connected();
    await pubsub.apply(subscriptions);
    const raw = await stranger();
    for (let index = 0; index < INNOCENTS; index += 1) {
      if (index % 20 === 0) await raw.publish(to("deep"), Buffer.from("[-1]"), { headers: nestedTables(4000) });
      await pubsub.publish(topic, index);
      await pubsub.publish(neighbour, index);
    }
    const runs: string[] = [];
    const model = (pubsub.native as RabbitmqNative).consumeConnection;
    for (const subscription of subscriptions) {
      await pubsub.subscribe(subscription, (event, { attempt }) => {
        runs.push(`${subscription.topic.name} ${event} ${attempt}`);
      });
    }
    const letters = pubsub.deadLetters(subscriptions[0]!);
    await expect.poll(() => letters.count(), { timeout: 30_000 }).toBe(3);
    await expect.poll(() => new Set(runs).size).toBe(2 * INNOCENTS);
    expect(runs).toHaveLength(2 * INNOCENTS);
    expect(runs.filter((run) => !run.endsWith(" 1"))).toEqual([]);
    expect((pubsub.native as RabbitmqNative).consumeConnection).toBe(model);

    const peeked = await letters.peek();
    expect(peeked.map(({ reason, body }) => [reason, Buffer.from(body).toString()])).toEqual(
      Array.from({ length: 3 }, () => ["undecodable", "[-1]"]),
    );
    expect(peeked[0]!.errorMessage).toMatch(/headers/);
    expect(await letters.redrive()).toBe(3);
    await expect.poll(() => runs.filter((run) => run === "deep -1 1").length).toBe(3);
  },
);

test.skipIf(broker === undefined)(
  "a message whose headers nobody can read is still such a one for the next worker, also on its last attempt",
  async () => {
    const topic = defineTopic<number>("deep-returned");
    const subscription = defineSubscription(topic, "worker", { maxConcurrency: 1, retryPolicy: { maxRetries: 0 } });
    const closing = await connected();
    await closing.apply([subscription]);
    const running = Promise.withResolvers<void>();
    const runs: number[] = [];
    const worker = await closing.subscribe(subscription, async (event, { signal }) => {
      runs.push(event);
      running.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    await closing.publish(topic, 1);
    await running.promise;
    const raw = await stranger();
    await raw.publish(to("deep-returned"), Buffer.from("[-1]"), { headers: nestedTables(4000) });
    const letters = closing.deadLetters(subscription);
    // It waits behind running handlers: received, but certainly not started.
    const stats = (closing.native as RabbitmqNative).consumeConnection;
    const channel = await stats!.createChannel();
    await expect.poll(async () => (await channel.checkQueue("deep-returned.worker")).messageCount).toBe(0);
    await channel.close();
    await worker.close({ timeoutMs: 0 });
    const next = await connected();
    await next.subscribe(subscription, (event) => void runs.push(event));
    await expect.poll(() => letters.count()).toBe(1);
    expect((await letters.peek())[0]).toMatchObject({ reason: "undecodable" });
    expect(runs.filter((event) => typeof event !== "number")).toEqual([]);
  },
);

test.skipIf(broker === undefined)(
  "a letter whose headers nobody can read is counted, looked at, taken, redriven and purged like any other",
  async () => {
    const topic = defineTopic<number>("deep-letters");
    const subscription = defineSubscription(topic, "worker");
    const pubsub = await connected();
    await pubsub.apply([subscription]);
    const raw = await stranger();
    const letters = pubsub.deadLetters(subscription);
    const plant = async (): Promise<void> => {
      const target = toQueue("deep-letters.worker.dead-letters");
      expect(await raw.publish(target, Buffer.from("7"), { headers: nestedTables(5000) })).toBe(true);
      await expect.poll(() => letters.count()).toBe(1);
    };
    await plant();
    expect((await letters.peek()).map(({ body }) => Buffer.from(body).toString())).toEqual(["7"]);
    expect(await letters.redrive()).toBe(1);
    await plant();
    expect(await letters.purge({ limit: 1 })).toBe(1);
    await plant();
    expect(await letters.purge()).toBe(1);
    expect(await letters.count()).toBe(0);
    const got: number[] = [];
    await pubsub.subscribe(subscription, (event) => void got.push(event));
    await expect.poll(() => got).toEqual([7]);
  },
);

const HOSTILE = 100;
/** More of them: `HOSTILE_SEEDS=1,2,3`. */
const SEEDS = (process.env["HOSTILE_SEEDS"] ?? "1,2").split(",").map(Number);

test.skipIf(broker === undefined).each(SEEDS)(
  "whatever properties the broker takes from a stranger, every message is handled or dead, and no neighbour loses an attempt: seed %i",
  { timeout: 120_000 },
  async (seed) => {
    const random = seededRandom(seed);
    const [topic, neighbour] = [defineTopic<number>(`fuzz-${seed}`), defineTopic<number>(`fuzz-neighbour-${seed}`)];
    const retryPolicy = { maxRetries: 1, minBackoffMs: 10, maxBackoffMs: 10 };
    const subscriptions = [topic, neighbour].map((one) => defineSubscription(one, "worker", { retryPolicy }));
    const pubsub = await connected();
    await pubsub.apply(subscriptions);
    const raw = await stranger();
    let taken = 0;
    for (let index = 0; index < HOSTILE; index += 1) {
      const body = Buffer.from(String(-1 - index));
      // Some fail every time and are retried.
      if (await raw.publish(to(topic.name), body, hostileProperties(random))) taken += 1;
      await pubsub.publish(random.next() < 0.5 ? topic : neighbour, index);
    }
    expect(taken).toBeGreaterThan(HOSTILE / 4);
    const innocent: number[] = [];
    const failed: string[] = [];
    const handled = new Set<number>();
    const model = (pubsub.native as RabbitmqNative).consumeConnection;
    for (const subscription of subscriptions) {
      await pubsub.subscribe(subscription, (event, { attempt }) => {
        if (event >= 0) innocent.push(event);
        if (event >= 0 && attempt !== 1) failed.push(`${event} ran as attempt ${attempt}`);
        if (event < 0 && event % 2 === 0) throw new Error("fails every time");
        if (event < 0) handled.add(event);
      });
    }
    const letters = pubsub.deadLetters(subscriptions[0]!);
    await expect
      .poll(async () => handled.size + (await letters.count()), { timeout: 60_000 })
      .toBeGreaterThanOrEqual(taken);
    await expect.poll(() => innocent.length).toBe(HOSTILE);
    expect(failed).toEqual([]);
    expect((pubsub.native as RabbitmqNative).consumeConnection).toBe(model);

    const bodies = (await letters.peek({ limit: 1000 })).map(({ body }) => Number(Buffer.from(body).toString()));
    expect(new Set([...handled, ...bodies]).size).toBe(taken);
    expect(await letters.redrive()).toBe(bodies.length);
  },
);
