import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEDUPLICATION_WINDOW_MS } from "../src/limits.ts";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();

describe.skipIf(server === undefined)("publishing", () => {
  let client: PlainClient;
  beforeAll(async () => {
    client = await plainClient(server?.url ?? "");
  });
  afterAll(async () => {
    await client.close();
    await servers.close();
  });
  const adapter = (): ReturnType<typeof redis> => redis({ servers: addressOf(server as never) });

  test("an id is stored once, also from two publishers at once, and is remembered for one to two windows", async () => {
    const topic = defineTopic<{ n: number }>("once", { deliveryGuarantee: "exactly-once" });
    await using one = await connect(adapter());
    await using other = await connect(adapter());
    await one.apply([topic]);
    await Promise.all(
      [one, other].flatMap((pubsub) =>
        Array.from({ length: 200 }, async (_, n) => pubsub.publish(topic, { n }, { id: `id-${n}` })),
      ),
    );
    expect(await client.send("XLEN", "once")).toBe(200);
    const found = await Promise.all(
      [0, 1].map(async (turn) => Number(await client.send("PTTL", `{once}:seen:${turn}`))),
    );
    const ttls = found.filter((ttl) => ttl !== -2);
    expect(ttls.length).toBeGreaterThan(0);
    for (const ttl of ttls) {
      expect(ttl).toBeGreaterThan(DEDUPLICATION_WINDOW_MS - 60_000);
      expect(ttl).toBeLessThanOrEqual(2 * DEDUPLICATION_WINDOW_MS);
    }
    // Whichever set has its turn: an id of the other one is known too.
    for (const [to = "", from = ""] of [
      ["{once}:seen:0", "{once}:seen:1"],
      ["{once}:seen:1", "{once}:seen:0"],
    ]) {
      await client.send("SUNIONSTORE", to, "{once}:seen:0", "{once}:seen:1");
      await client.send("DEL", from);
      await one.publish(topic, { n: 0 }, { id: "id-0" });
      expect(await client.send("XLEN", "once")).toBe(200);
    }
    await client.send("DEL", "{once}:seen:0", "{once}:seen:1");
    await one.publish(topic, { n: 0 }, { id: "id-0" });
    expect(await client.send("XLEN", "once")).toBe(201);
  });

  test("what is older than the retention is deleted by publishing, without any worker", async () => {
    const topic = defineTopic<{ n: number }>("aged", { retentionMs: 3_600_000 });
    await using pubsub = await connect(adapter());
    await pubsub.apply([topic]);
    const oldMs = Date.now() - 7_200_000;
    for (let n = 0; n < 1000; n += 1) await client.send("XADD", "aged", `${oldMs + n}-0`, "data", "{}");
    for (let n = 0; n < 20; n += 1) await pubsub.publish(topic, { n });
    // In whole nodes of the stream.
    expect(Number(await client.send("XLEN", "aged"))).toBeLessThan(130);
    expect(Number(await client.send("XLEN", "aged"))).toBeGreaterThanOrEqual(20);
  });

  test("a clock that is ahead deletes nothing", async () => {
    const topic = defineTopic<{ n: number }>("ahead", { retentionMs: 3_600_000 });
    const { systemClock } = await import("@anytopic/core");
    const clock = { ...systemClock, now: () => systemClock.now() + 365 * 86_400_000 };
    await using pubsub = await connect(adapter(), { clock });
    await pubsub.apply([topic]);
    for (let n = 0; n < 300; n += 1) await pubsub.publish(topic, { n });
    expect(await client.send("XLEN", "ahead")).toBe(300);
  });

  test("scripts that somebody has flushed are loaded again", async () => {
    const topic = defineTopic<{ n: number }>("flushed", { orderingKey: () => "k" });
    const subscription = defineSubscription(topic, "mail");
    await using pubsub = await connect(adapter());
    await pubsub.apply([topic, subscription]);
    const seen: number[] = [];
    await using worker = await pubsub.subscribe(subscription, async ({ n }) => {
      await client.send("SCRIPT", "FLUSH");
      seen.push(n);
    });
    for (let n = 0; n < 20; n += 1) await pubsub.publish(topic, { n });
    await expect.poll(() => seen).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(worker.health().state).toBe("receiving");
  });
});
