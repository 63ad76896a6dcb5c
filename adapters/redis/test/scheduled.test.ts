import type { Broker } from "@anytopic/brokers";
import {
  connect,
  type ConnectOptions,
  defineSubscription,
  defineTopic,
  type PubSub,
  silentLogger,
} from "@anytopic/core";
import { adapterModule, redis } from "@anytopic/redis";
import { afterAll, describe, expect, test } from "vitest";
import { plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const servers = new RedisServers();
afterAll(async () => await servers.close());
const server = await servers.startOrSkip("appendfsync always");

const url = (credentials = ""): string => `redis://${credentials}${addressOf(server as Broker)}`;
const open = (options: ConnectOptions = {}, target = url()): Promise<PubSub> =>
  connect(target, { logger: silentLogger, ...options });

describe.skipIf(server === undefined)("scheduled messages", () => {
  test("survive that the server is killed, and leave no key when they were published", async () => {
    const mortal = await servers.start("appendfsync always");
    const topic = defineTopic<{ readonly n: number }>("killed");
    const subscription = defineSubscription(topic, "all");
    await using pubsub = await connect(redis({ servers: addressOf(mortal) }), { logger: silentLogger });
    const received: number[] = [];
    await pubsub.subscribe(subscription, ({ n }) => void received.push(n));
    const dueMs = Date.now() + 1500;
    await Promise.all([0, 1, 2].map((n) => pubsub.publish(topic, { n }, { deliverAt: new Date(dueMs) })));
    await mortal.kill?.();
    await mortal.start?.();
    await expect.poll(() => received.length, { timeout: 15_000 }).toBe(3);
    expect(Date.now()).toBeGreaterThanOrEqual(dueMs);
    const client = await plainClient(mortal.url);
    expect(await client.send("EXISTS", "{killed}:later", "{killed}:kept")).toBe(0);
    await client.close();
  });

  test("are published by workers when every publisher is gone", async () => {
    const topic = defineTopic<{ readonly n: number }>("no-publisher");
    const subscription = defineSubscription(topic, "all");
    const publisher = await open({ declarations: [subscription] });
    await publisher.publish(topic, { n: 1 }, { delayMs: 500 });
    await publisher.close();
    await using pubsub = await open();
    const received: number[] = [];
    await pubsub.subscribe(subscription, ({ n }) => void received.push(n));
    await expect.poll(() => received).toEqual([1]);
  });

  test("a publisher with the exported rights schedules, cancels and lists; a worker with its own leaves the rest to it", async () => {
    const topic = defineTopic<{ readonly n: number }>("guarded");
    const subscription = defineSubscription(topic, "all");
    const admin = await open({ declarations: [subscription] });
    await admin.close();
    const exporter = adapterModule.exporter?.(url());
    const spec = {
      name: "guarded",
      physicalName: "guarded",
      ordered: false,
      exactlyOnce: false,
      retentionMs: 86_400_000,
      replay: false,
    };
    const of = {
      name: "all",
      physicalName: "all",
      topic: spec,
      ackDeadlineMs: 30_000,
      maxRetries: 3,
      maxBackoffMs: 1000,
    };
    const policies = exporter?.policies({ topics: [spec], subscriptions: [of] }) ?? [];
    const client = await plainClient(server?.url ?? "");
    for (const { role, document } of policies)
      await client.send("ACL", "SETUSER", role, "on", ">pass", ...rulesOf(String(document)));
    await using worker = await open({ provisioning: "off" }, url("subscriber:pass@"));
    const received: number[] = [];
    await worker.subscribe(subscription, ({ n }) => void received.push(n));
    await using publisher = await open({ provisioning: "off" }, url("publisher:pass@"));
    const id = await publisher.publish(topic, { n: 1 }, { delayMs: 3_600_000 });
    expect(await publisher.scheduled(topic)).toMatchObject([{ id }]);
    expect(await publisher.cancel(topic, id)).toBe(true);
    await publisher.publish(topic, { n: 2 }, { delayMs: 700 });
    await expect.poll(() => received).toEqual([2]);
    expect(worker.health().status).toBe("up");
    await client.close();
  });

  test("messages with the largest number of attributes are moved as they are", async () => {
    const topic = defineTopic<{ readonly n: number }>("attributes");
    const subscription = defineSubscription(topic, "all");
    await using pubsub = await open();
    const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`name-${n}`, "x".repeat(1000)]));
    const received: unknown[] = [];
    await pubsub.subscribe(subscription, (_, context) => void received.push({ ...context.attributes }));
    await pubsub.publish(topic, { n: 1 }, { delayMs: 50, attributes });
    await expect.poll(() => received).toEqual([attributes]);
  });

  test("destroy removes what waits", async () => {
    const topic = defineTopic<{ readonly n: number }>("destroyed");
    await using pubsub = await open();
    await pubsub.publish(topic, { n: 1 }, { delayMs: 3_600_000 });
    await pubsub.destroy([topic]);
    const client = await plainClient(server?.url ?? "");
    expect(await client.send("EXISTS", "{destroyed}:later", "{destroyed}:kept")).toBe(0);
    await client.close();
  });
});

/** A selector in brackets is one rule. */
function rulesOf(document: string): readonly string[] {
  return document.match(/\([^)]*\)|\S+/g) ?? [];
}
