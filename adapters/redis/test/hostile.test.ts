import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unpackedFields } from "../src/wire/fields.ts";
import { hostileMessages } from "./hostile-messages.ts";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();

describe.skipIf(server === undefined)("hostile messages", () => {
  let pubsub: PubSub;
  let client: PlainClient;

  beforeAll(async () => {
    pubsub = await connect(redis({ servers: addressOf(server as never) }));
    client = await plainClient(server?.url ?? "");
  });

  afterAll(async () => {
    await pubsub.close();
    await client.close();
    await servers.close();
  });

  test.each([
    ["plain", {}],
    ["order", { orderingKey: () => "k" }],
    ["once", { deliveryGuarantee: "exactly-once" as const }],
  ])("fields that are no text make a letter with the raw bytes, and harm nobody else: %s", async (kind, options) => {
    const name = `hostile-${kind}`;
    const topic = defineTopic<{ n: number }>(name, options);
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([topic, subscription]);
    const seen: number[] = [];
    await using worker = await pubsub.subscribe(subscription, async ({ n }) => void seen.push(n));
    const odd = [Buffer.from([0xff, 0xfe]), Buffer.from([0x80])];
    const id = String(await client.send("XADD", name, "*", "data", '{"n":99}', "anytopic-key", "k", ...odd));
    for (let n = 0; n < 50; n += 1) await pubsub.publish(topic, { n });
    await expect.poll(() => seen).toEqual(Array.from({ length: 50 }, (_unused, n) => n));
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(async () => letters.count()).toBe(1);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({
      id: `${name}:${id}`,
      reason: "undecodable",
      errorMessage: "the message cannot be read: the name of a field is not UTF-8",
      attempts: 1,
      publishTime: new Date(Number.parseInt(id, 10)),
    });
    expect(Buffer.from(letter?.body ?? "").toString()).toBe('{"n":99}');
    const raw = unpackedFields(Buffer.from(letter?.attributes["anytopic-raw-fields"] ?? "", "base64"));
    expect(raw).toEqual([Buffer.from("anytopic-key"), Buffer.from("k"), ...odd]);
    expect(worker.health().state).toBe("receiving");

    // Without those fields, and with its body.
    expect(await letters.redrive()).toBe(1);
    await expect.poll(() => seen.at(-1)).toBe(99);
    expect(await letters.count()).toBe(0);
  });

  test("what only workers may say decides nothing when a publisher says it", async () => {
    const topic = defineTopic<{ n: number }>("hostile-control", { orderingKey: () => "k" });
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    const other = defineSubscription(topic, "other", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([topic, subscription, other]);
    const control = ["anytopic-again", "99 1-0 1 1", "anytopic-packed", "\u0000\u0000\u0000\u0001x"];
    const record = ["anytopic-dead-letter", '{"reason":"rejected"}', "anytopic-published", "1"];
    const body = ["data", '{"n":1}', "data", '{"n":2}', "anytopic-id", "same", "__proto__", "p"];
    for (let copy = 0; copy < 2; copy += 1)
      await client.send("XADD", "hostile-control", "*", ...control, ...record, ...body);
    for (const each of [subscription, other]) {
      const seen: unknown[] = [];
      await using worker = await pubsub.subscribe(each, ({ n }, context) => {
        const { id, attempt, publishTime, attributes } = context;
        seen.push([n, id, attempt, Date.now() - publishTime.getTime() < 60_000, Object.entries(attributes)]);
      });
      await expect.poll(() => seen).toHaveLength(2);
      expect(worker.health().state).toBe("receiving");
      expect(seen).toEqual(Array.from({ length: 2 }, () => [1, "same", 1, true, [["__proto__", "p"]]]));
    }
  });

  test("letters that strangers wrote can be looked at, redriven and purged", async () => {
    const topic = defineTopic<object>("hostile-letters");
    const subscription = defineSubscription(topic, "mail");
    await pubsub.apply([topic, subscription]);
    const dead = "{hostile-letters}:mail:dead";
    await client.send("XADD", dead, "*", "data", "one", Buffer.from([0xff]), "x");
    await client.send("XADD", dead, "*", "anytopic-published", "8700000000000000", "data", "two");
    await client.send("XADD", dead, "*", "anytopic-again", "x", "data", "three");
    await client.send("XADD", dead, "*", "anytopic-again", "3 9-0 1 1", "anytopic-packed", "\u0000\u0000\u0000\u0009x");
    await client.send("XADD", dead, "*", "anytopic-dead-letter", "{", "data", "five");
    const letters = pubsub.deadLetters(subscription);
    const seen = await letters.peek();
    expect(seen.map(({ body }) => Buffer.from(body).toString())).toEqual(["one", "two", "three", "", "five"]);
    for (const { publishTime } of seen) expect(publishTime.getTime()).toBeGreaterThanOrEqual(0);
    expect(await letters.redrive({ limit: 3 })).toBe(3);
    expect(await letters.purge({ limit: 1 })).toBe(1);
    expect(await letters.purge()).toBe(1);
  });

  test.each([1, 2, 3, 4])("anything that a seeded generator makes (seed %i)", async (seed) => {
    const name = `hostile-seed-${seed}`;
    // Half of them with order: the scripts read those too.
    const topic = defineTopic<{ n: number }>(name, seed % 2 === 0 ? { orderingKey: ({ n }) => `k${n % 7}` } : {});
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 }, maxConcurrency: 8 });
    await pubsub.apply([topic, subscription]);
    const hostile = hostileMessages(seed, 300);
    const innocent = new Set<string>();
    await using worker = await pubsub.subscribe(subscription, async (_, { id }) => void innocent.delete(id));
    const ids = Array.from({ length: 300 }, (_, n) => `innocent-${seed}-${n}`);
    for (const id of ids) innocent.add(id);
    await Promise.all([
      ...ids.map(async (id, n) => pubsub.publish(topic, { n }, { id })),
      ...hostile.map(async (fields) => client.send("XADD", name, "*", ...fields)),
    ]);
    await expect.poll(() => innocent.size, { timeout: 20_000 }).toBe(0);
    const unsettled = async (): Promise<number> => {
      const pending = (await client.send("XPENDING", name, "mail")) as [number];
      const [group] = (await client.send("XINFO", "GROUPS", name)) as (Buffer | number)[][];
      return pending[0] + Number(group?.at(-1));
    };
    await expect.poll(unsettled, { timeout: 20_000 }).toBe(0);
    const letters = pubsub.deadLetters(subscription);
    const count = await letters.count();
    expect(count).toBeGreaterThan(50);
    const found = await letters.peek({ limit: 1000 });
    expect(found).toHaveLength(count);
    for (const { publishTime, reason } of found) {
      expect(Number.isNaN(publishTime.getTime())).toBe(false);
      expect(reason).toBe("undecodable");
    }
    expect(await letters.redrive({ limit: 10 })).toBe(10);
    await letters.purge();
    expect(worker.health().state).toBe("receiving");
    expect(pubsub.health().connections).toMatchObject([{ state: "up" }]);
    expect(Number(await client.send("HLEN", `{${name}}:mail:busy`))).toBe(0);
  });
});
