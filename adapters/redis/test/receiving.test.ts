import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();

describe.skipIf(server === undefined)("receiving", () => {
  let client: PlainClient;
  beforeAll(async () => {
    client = await plainClient(server?.url ?? "");
  });
  afterAll(async () => {
    await client.close();
    await servers.close();
  });
  const adapter = (): ReturnType<typeof redis> => redis({ servers: addressOf(server as never) });

  test(
    "a worker with one place gets one message at a time, and neither retries nor new messages wait for ever",
    { timeout: 90_000 },
    async () => {
      const topic = defineTopic<{ n: number }>("one-place");
      const retryPolicy = { maxRetries: 1, minBackoffMs: 1, maxBackoffMs: 5 };
      const subscription = defineSubscription(topic, "mail", { retryPolicy, maxConcurrency: 1 });
      await using pubsub = await connect(adapter());
      await pubsub.apply([topic, subscription]);
      const order: string[] = [];
      for (let n = 0; n < 200; n += 1) await pubsub.publish(topic, { n });
      let running = 0;
      const handle = async (
        { n }: { readonly n: number },
        { attempt }: { readonly attempt: number },
      ): Promise<void> => {
        running += 1;
        expect(running).toBe(1);
        await Promise.resolve();
        const pending = (await client.send("XPENDING", "one-place", "mail")) as [number];
        const again = (await client.send("XPENDING", "{one-place}:mail:again", "mail")) as [number];
        expect(pending[0] + again[0]).toBe(1);
        running -= 1;
        order.push(`${n}/${attempt}`);
        if (attempt === 1) throw new Error("again");
      };
      await using worker = await pubsub.subscribe(subscription, handle, { prefetch: 0 });
      await expect.poll(() => order.length, { timeout: 60_000 }).toBe(400);
      expect(order.indexOf("0/2")).toBeLessThan(100);
      expect(worker.health().state).toBe("receiving");
    },
  );

  test("a handler whose message was given to another worker meanwhile is told so, and the others keep theirs", async () => {
    const topic = defineTopic<"taken" | "kept">("claimed");
    const subscription = defineSubscription(topic, "mail", { ackDeadlineMs: 1000 });
    await using pubsub = await connect(adapter());
    await pubsub.apply([topic, subscription]);
    const signals = new Map<string, AbortSignal>();
    const end = Promise.withResolvers<void>();
    const handle = async (event: string, { signal }: { readonly signal: AbortSignal }): Promise<void> => {
      if (signals.has(event)) return;
      signals.set(event, signal);
      await end.promise;
    };
    await using worker = await pubsub.subscribe(subscription, handle);
    try {
      for (const event of ["taken", "kept"] as const) await pubsub.publish(topic, event);
      await expect.poll(() => [...signals.keys()].toSorted()).toEqual(["kept", "taken"]);
      const [[id] = []] = (await client.send("XRANGE", "claimed", "-", "+", "COUNT", "1")) as string[][];
      await client.send("XCLAIM", "claimed", "mail", "another", "0", String(id));
      await expect.poll(() => signals.get("taken")?.reason).toMatchObject({ code: "LEASE_LOST" });
      expect(signals.get("kept")?.aborted).toBe(false);
      expect(worker.health().state).toBe("receiving");
    } finally {
      end.resolve();
    }
  });

  test("large messages are asked for in small numbers, and all arrive", { timeout: 60_000 }, async () => {
    const topic = defineTopic<Uint8Array>("large", { codec: "bytes" });
    const subscription = defineSubscription(topic, "mail", { maxConcurrency: 500 });
    await using pubsub = await connect(adapter());
    await pubsub.apply([topic, subscription]);
    for (let n = 0; n < 40; n += 1) await pubsub.publish(topic, Buffer.alloc(2_000_000, n));
    await client.send("CONFIG", "RESETSTAT");
    const seen = new Set<number>();
    await using worker = await pubsub.subscribe(subscription, (body) => void seen.add(body[0] ?? -1), {
      prefetch: 500,
    });
    await expect.poll(() => seen.size, { timeout: 40_000 }).toBe(40);
    const stats = String(await client.send("INFO", "commandstats"));
    const calls = Number(/cmdstat_xreadgroup:calls=(\d+)/.exec(stats)?.[1]);
    // The first answer has 16 of them, each later one about 8 MiB.
    expect(calls).toBeGreaterThanOrEqual(6);
    expect(worker.health().state).toBe("receiving");
  });
});
