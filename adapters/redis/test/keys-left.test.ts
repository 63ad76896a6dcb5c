import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();
let client: PlainClient;
beforeAll(async () => {
  if (server !== undefined) client = await plainClient(server.url);
});
afterAll(async () => {
  await client?.close();
  await servers.close();
});

/** How many things each key of a subscription has; a stream's unsettled entries and consumers too. */
async function contents(topic: string): Promise<Record<string, number>> {
  const own = `{${topic}}:mail`;
  const found: Record<string, number> = {};
  for (const [key, count] of [
    ["again", "XLEN"],
    ["due", "ZCARD"],
    ["held", "HLEN"],
    ["busy", "HLEN"],
    ["parked", "ZCARD"],
    ["taken", "HLEN"],
  ] as const)
    found[key] = Number(await client.send(count, `${own}:${key}`));
  for (const stream of [topic, `${own}:again`]) {
    const [pending] = (await client.send("XPENDING", stream, "mail")) as [number];
    found[`${stream} pending`] = pending;
    const consumers = (await client.send("XINFO", "CONSUMERS", stream, "mail")) as Buffer[][];
    found[`${stream} consumers`] = consumers.filter(([, name]) => String(name) !== "~parked").length;
  }
  return found;
}

test.skipIf(server === undefined).each([
  ["plain", {}],
  ["in order", { orderingKey: ({ n }: { readonly n: number }) => `k${n % 5}` }],
  ["exactly once", { deliveryGuarantee: "exactly-once" as const }],
])("nothing is left of messages that were settled, in whatever way: %s", async (kind, options) => {
  const name = `left-${kind.replace(" ", "-")}`;
  const topic = defineTopic<{ n: number }>(name, options);
  const retryPolicy = { maxRetries: 2, minBackoffMs: 20, maxBackoffMs: 50 };
  const subscription = defineSubscription(topic, "mail", { retryPolicy, maxConcurrency: 8 });
  await using pubsub = await connect(redis({ servers: addressOf(server as never) }));
  await pubsub.apply([topic, subscription]);
  const done = new Set<number>();
  const handle = ({ n }: { readonly n: number }, { attempt }: { readonly attempt: number }): void => {
    if (n % 10 === 3) throw new Reject("never");
    if (n % 7 === 0 && attempt < 3) throw new Error("later");
    done.add(n);
  };
  const workers = await Promise.all([0, 1, 2].map(async () => pubsub.subscribe(subscription, handle)));
  for (let n = 0; n < 300; n += 1) void pubsub.publish(topic, { n });
  // One leaves in the middle of it.
  await expect.poll(() => done.size).toBeGreaterThan(50);
  await workers[0]?.close();
  await expect.poll(() => done.size).toBe(270);
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(async () => letters.count()).toBe(30);
  expect(await letters.redrive({ limit: 10 })).toBe(10);
  await expect.poll(async () => letters.count()).toBe(30);
  expect(await letters.purge()).toBe(30);
  await expect.poll(async () => (await contents(name))["busy"]).toBe(0);
  for (const worker of workers) await worker.close();
  const left = await contents(name);
  expect(Object.entries(left).filter(([, count]) => count !== 0)).toEqual([]);
});
