import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, describe, expect, test } from "vitest";
import { plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();

interface Item {
  readonly key: string;
  readonly n: number;
}

const KEYS = 20;
const OF_EACH = 60;

describe.skipIf(server === undefined)("lost readers", () => {
  afterAll(async () => servers.close());

  /** A worker that has lost its reader gives back what it does not know, while acks bring it the next messages of their keys. */
  test("no message of a key starts twice, and none too early", { timeout: 60_000 }, async () => {
    const topic = defineTopic<Item>("lost-reader", { orderingKey: ({ key }) => key });
    const subscription = defineSubscription(topic, "mail", { maxConcurrency: 50 });
    const adapter = (): ReturnType<typeof redis> => redis({ servers: addressOf(server as never) });
    await using one = await connect(adapter());
    await using two = await connect(adapter());
    await one.apply([topic, subscription]);
    const items = Array.from({ length: KEYS * OF_EACH }, (_, n) => ({ key: `k${n % KEYS}`, n }));
    await one.publishBatch(
      topic,
      items.map((event) => ({ event })),
    );
    const started = new Map<string, number[]>();
    const handle = async ({ key, n }: Item): Promise<void> => {
      started.set(key, [...(started.get(key) ?? []), n]);
      await new Promise((resolve) => setTimeout(resolve, n % 3));
    };
    await one.subscribe(subscription, handle);
    await two.subscribe(subscription, handle);
    const client = await plainClient(server?.url ?? "");
    const total = (): number => [...started.values()].reduce((sum, { length }) => sum + length, 0);
    while (total() < items.length) {
      const clients = String(await client.send("CLIENT", "LIST"));
      const readers = [...clients.matchAll(/^id=(\d+) .* cmd=xread /gm)];
      for (const [, id = ""] of readers) await client.send("CLIENT", "KILL", "ID", id);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await client.close();
    for (const [key, numbers] of started)
      expect(numbers).toEqual(items.filter((item) => item.key === key).map(({ n }) => n));
  });
});
