import { startBrokerOrSkip } from "@anytopic/brokers";
import { bytesCodec, connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import type { Options } from "amqplib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { maliciousProperties } from "./malicious-properties.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";

const broker = await startBrokerOrSkip("rabbitmq");
const noBroker = broker === undefined;
const open = new Set<PubSub>();
let raw: RawClient;

beforeAll(async () => {
  if (broker !== undefined) raw = await connectRaw(broker.url);
});
afterEach(async () => {
  await Promise.all([...open].map((pubsub) => pubsub.close()));
  open.clear();
});
afterAll(async () => {
  await raw?.close();
  await broker?.close();
});

async function connected(): Promise<PubSub> {
  const quiet = (): void => {};
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const pubsub = await connect(rabbitmq({ url: broker!.url }), { closeTimeoutMs: 1000, logger });
  open.add(pubsub);
  return pubsub;
}

const ONE_RETRY = { maxRetries: 1, minBackoffMs: 100, maxBackoffMs: 100, jitter: 0 };
const RECORD = { reason: "rejected", error: "Forged", message: "forged", attempts: 7, last: 8e15, sub: "other/one" };

function pair(name: string, retryPolicy: object = ONE_RETRY) {
  const topic = defineTopic<Uint8Array>(name, { codec: bytesCodec });
  return defineSubscription(topic, "worker", { retryPolicy });
}

/** The attempts of each message, by its body; every attempt fails. */
async function failing(pubsub: PubSub, subscription: ReturnType<typeof pair>): Promise<Map<string, number[]>> {
  const runs = new Map<string, number[]>();
  await pubsub.subscribe(subscription, (body, { attempt }) => {
    const key = Buffer.from(body).toString("base64");
    runs.set(key, [...(runs.get(key) ?? []), attempt]);
    throw new Error("no");
  });
  return runs;
}

test.skipIf(noBroker).each<[string, Options.Publish]>([
  ["spends every attempt", { headers: { "anytopic-attempt": 1000 } }],
  ["buys a run", { headers: { "anytopic-attempt": 0 } }],
  ["counts deliveries", { headers: { "x-delivery-count": 1000, "x-acquired-count": 1000 } }],
  [
    "claims to come from a wait queue",
    {
      headers: {
        "anytopic-attempt": 1000,
        "x-death": [{ queue: "forged.worker.wait.128ms", reason: "expired", count: 1, exchange: "" }],
      },
    },
  ],
  ["hides it in a prototype", { headers: { ["__proto__x"]: 1, "anytopic-attempt": "1000" } }],
])("a publisher that %s is not believed: two runs, counted from 1", async (_what, properties) => {
  const pubsub = await connected();
  const subscription = pair(`forged-${Math.random().toString(36).slice(2)}`);
  const runs = await failing(pubsub, subscription);
  await raw.publish(subscription.topic.name, "", Buffer.from("a"), properties);
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(() => letters.count()).toBe(1);
  expect([...runs.values()]).toEqual([[1, 2]]);
  expect(await letters.peek()).toMatchObject([{ reason: "retries-exhausted", attempts: 2 }]);
});

test.skipIf(noBroker)("a letter that was looked at often is new when somebody moves it back", async () => {
  const pubsub = await connected();
  const subscription = pair("shovelled");
  const runs = await failing(pubsub, subscription);
  await raw.publish("shovelled", "", Buffer.from("a"), { messageId: "m" });
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(() => letters.count()).toBe(1);
  for (let look = 0; look < 10; look += 1) await letters.peek();
  await expect
    .poll(async () => {
      const letter = await raw.channel.get("shovelled.worker.dead-letters");
      if (letter === false) return false;
      // The count that it has by now, on servers that count a peek.
      const headers = { ...letter.properties.headers, "x-delivery-count": 10 };
      await raw.publish("", "shovelled.worker", letter.content, { ...letter.properties, headers });
      raw.channel.ack(letter);
      return true;
    })
    .toBe(true);
  await expect.poll(() => [...runs.values()]).toEqual([[1, 2, 1, 2]]);
});

test.skipIf(noBroker)("a record that a publisher has forged is none, and cannot hold up a redrive", async () => {
  const pubsub = await connected();
  const subscription = pair("forgery");
  await pubsub.apply([subscription]);
  const record = JSON.stringify(RECORD);
  const spilled = Buffer.from(JSON.stringify({ "anytopic-dead-letter": record, "x-death": null }));
  const forgeries: Options.Publish[] = [
    { headers: { "anytopic-dead-letter": record } },
    { headers: { "anytopic-attr:anytopic-dead-letter": record } },
    { headers: { "anytopic-dead-letter": record, "x-death": "none" } },
    { headers: { "anytopic-dead-letter": record, "x-death": [] } },
    { headers: { "anytopic-dead-letter": record, "x-death": [{ queue: 3 }] } },
    { headers: { "anytopic-body-bytes": 0 } },
    { headers: { "anytopic-body-bytes": 0, "x-death": "none" } },
    { headers: { "anytopic-body-bytes": 0, "x-death": [{ queue: "other", exchange: "" }] } },
  ];
  for (let index = 0; index < 100; index += 1) {
    const forgery = forgeries[index % forgeries.length] as Options.Publish;
    await raw.publish("forgery", "", spilled, { messageId: `m${index}`, ...forgery, expiration: "0" });
  }
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(() => letters.count()).toBe(100);
  const seen = await letters.peek({ limit: 100 });
  expect(new Set(seen.map(({ reason }) => reason))).toEqual(new Set(["backstop"]));
  expect(new Set(seen.map((letter) => letter.subscription))).toEqual(new Set(["forgery/worker"]));
  expect(seen.filter(({ body }) => !spilled.equals(body))).toEqual([]);
  expect(await letters.redrive()).toBe(100);
  const attempts: number[] = [];
  await pubsub.subscribe(subscription, (_body, { attempt, attributes }) => {
    expect(attributes).not.toHaveProperty("anytopic-dead-letter");
    attempts.push(attempt);
  });
  await expect.poll(() => attempts.length).toBe(100);
  expect(new Set(attempts)).toEqual(new Set([1]));
});

test.skipIf(noBroker)(
  "routing headers of a publisher reach no other queue, by a retry or a redrive neither",
  async () => {
    const pubsub = await connected();
    const subscription = pair("routing");
    const victim = pair("victim");
    await pubsub.apply([victim]);
    await failing(pubsub, subscription);
    await raw.publish("routing", "", Buffer.from("a"), { CC: ["victim.worker"], BCC: ["victim.worker"] });
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count()).toBe(1);
    expect(await letters.redrive()).toBe(1);
    await expect.poll(() => letters.count()).toBe(1);
    expect(await raw.channel.checkQueue("victim.worker")).toMatchObject({ messageCount: 0 });
    expect(await raw.channel.checkQueue("victim.worker.dead-letters")).toMatchObject({ messageCount: 0 });
  },
);

/** Fifty identical messages without an id, as letters. */
async function twins(
  pubsub: PubSub,
  subscription: ReturnType<typeof pair>,
  properties: Options.Publish,
): Promise<void> {
  await pubsub.apply([subscription]);
  const send = (): Promise<void> =>
    raw.publish(subscription.topic.name, "", Buffer.from("same"), { timestamp: 1_795_000_000, ...properties });
  await Promise.all(Array.from({ length: 50 }, send));
}

/** Fails on every message until there are fifty letters; returns the ids of the messages. */
async function failUntilDead(pubsub: PubSub, subscription: ReturnType<typeof pair>): Promise<Set<string>> {
  const ids = new Set<string>();
  const worker = await pubsub.subscribe(subscription, (_body, { id }) => {
    ids.add(id);
    throw new Error("no");
  });
  await expect.poll(() => pubsub.deadLetters(subscription).count()).toBe(50);
  await worker.close();
  return ids;
}

test.skipIf(noBroker)(
  "messages without an id that do not differ become letters that do, and go back one by one",
  async () => {
    const pubsub = await connected();
    const subscription = pair("twins");
    await twins(pubsub, subscription, {});
    const [id, ...others] = await failUntilDead(pubsub, subscription);
    expect(others).toEqual([]);
    const letters = pubsub.deadLetters(subscription);
    const shown = await letters.peek({ limit: 50 });
    expect(new Set(shown.map((letter) => letter.id)).size).toBe(50);
    expect(shown.every((letter) => letter.id.startsWith(`${id}.`))).toBe(true);
    expect(await letters.redrive({ filter: (letter) => letter.id === shown[7]?.id })).toBe(1);
    expect(await letters.redrive()).toBe(49);
    expect((await failUntilDead(pubsub, subscription)).size).toBe(50);
    expect(await letters.purge({ limit: 1000 })).toBe(50);
  },
);

test.skipIf(noBroker).each([
  ["without an id", {}],
  ["with one id", { messageId: "m" }],
])("letters %s that do not differ and that the broker gave up go back one by one", async (_what, properties) => {
  const pubsub = await connected();
  const subscription = pair(`given-up-${Object.keys(properties).length}`);
  await twins(pubsub, subscription, { ...properties, expiration: "0" });
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(() => letters.count()).toBe(50);
  expect(await letters.redrive({ filter: () => false })).toBe(0);
  expect(await letters.redrive({ limit: 20 })).toBe(20);
  expect(await letters.redrive({ limit: 20 })).toBe(20);
  expect(await letters.redrive()).toBe(10);
  await failUntilDead(pubsub, subscription);
  expect(await letters.purge({ limit: 1000 })).toBe(50);
});

test.skipIf(noBroker)(
  "whatever properties a message has, it is tried as often as it may, becomes one letter with its bytes, and goes back",
  { timeout: 60_000 },
  async () => {
    let accepted = 0;
    const pubsub = await connected();
    const subscription = pair("anything");
    const runs = await failing(pubsub, subscription);
    for (let seed = 0; seed < 300; seed += 1) {
      const body = Buffer.from([0xff, 0x00, seed >> 8, seed & 0xff]);
      try {
        await raw.publish("anything", "", body, maliciousProperties(seed));
        accepted += 1;
      } catch {
        // Also the broker could not read it.
        raw = await connectRaw(broker!.url);
      }
    }
    expect(accepted).toBeGreaterThan(200);
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count(), { timeout: 30_000 }).toBe(accepted);
    expect(runs.size).toBe(accepted);
    for (const attempts of runs.values()) expect(attempts).toEqual([1, 2]);
    const seen = await letters.peek({ limit: accepted });
    expect(new Set(seen.map(({ body }) => Buffer.from(body).toString("base64")))).toEqual(new Set(runs.keys()));
    for (const { publishTime, id } of seen) {
      expect(publishTime.getTime()).not.toBeNaN();
      expect(id).toMatch(/^\P{Cc}{1,255}$/u);
    }
    const textOf = ({ attributes }: { readonly attributes: object }): string =>
      JSON.stringify(Object.entries(attributes));
    const contents = new Map(seen.map((letter) => [Buffer.from(letter.body).toString("base64"), textOf(letter)]));
    const again = await connected();
    expect(await again.deadLetters(subscription).redrive()).toBe(accepted);
    await expect.poll(() => letters.count(), { timeout: 30_000 }).toBe(accepted);
    const back = await letters.peek({ limit: accepted });
    for (const letter of back) expect(textOf(letter)).toBe(contents.get(Buffer.from(letter.body).toString("base64")));
    expect(pubsub.health().status).toBe("up");
  },
);

test.skipIf(noBroker)(
  "headers larger than can be sent again are kept through a retry, a letter and a redrive",
  async () => {
    const pubsub = await connected();
    const subscription = pair("large-headers");
    const got: { size: number; attempt: number; body: string; key: string | undefined }[] = [];
    await pubsub.subscribe(subscription, (body, { attributes, attempt, orderingKey }) => {
      got.push({
        size: attributes["large"]?.length ?? 0,
        attempt,
        body: Buffer.from(body).toString(),
        key: orderingKey,
      });
      throw new Error("no");
    });
    // amqplib's buffer is smaller than the broker's frames.
    await raw.publish("large-headers", "", Buffer.from("body"), {
      messageId: "m",
      headers: { large: "x".repeat(65_450), "anytopic-key": "k" },
    });
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count()).toBe(1);
    expect(await letters.peek()).toMatchObject([
      { id: "m", reason: "retries-exhausted", orderingKey: "k", attributes: { large: "x".repeat(65_450) } },
    ]);
    expect(await letters.redrive()).toBe(1);
    await expect.poll(() => got.length).toBe(4);
    expect(got.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
    expect(new Set(got.map(({ size, body, key }) => `${size} ${body} ${key}`))).toEqual(new Set(["65450 body k"]));
  },
);
