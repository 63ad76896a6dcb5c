import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { jetstream, jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BACKSTOP_DELIVERIES, MAX_RAW_HEADER_BYTES } from "../src/limits.ts";
import { hostileMessages, type HostileMessage } from "./hostile-messages.ts";
import { publishRaw, type RawMessage } from "./raw-publisher.ts";

const broker: Broker | undefined = await startBrokerOrSkip("nats");

const BROKEN = Buffer.from("NATS/1.0\r\na b: c\r\n\r\n");

describe.skipIf(broker === undefined)("hostile messages", () => {
  const server = broker as Broker;
  let pubsub: PubSub;
  let jsm: JetStreamManager;

  beforeAll(async () => {
    pubsub = await connect(nats({ servers: server.url }));
    jsm = await jetstreamManager(pubsub.native as NatsConnection);
  });

  afterAll(async () => {
    await pubsub.close();
    await broker?.close();
  });

  async function plant(...messages: readonly RawMessage[]): Promise<void> {
    expect(await publishRaw(server, messages)).toEqual([]);
  }

  test.each([
    ["", {}],
    [", in order", { orderingKey: () => "k" }],
    [", exactly once", { deliveryGuarantee: "exactly-once" as const }],
  ])("headers that cannot be read make a letter with the raw bytes, and harm nobody else%s", async (_, options) => {
    const name = `hostile-${Object.keys(options)[0]?.toLowerCase() ?? "plain"}`;
    const topic = defineTopic<{ n: number }>(name, options);
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    const innocent = defineTopic<{ n: number }>(`${name}-innocent`);
    await pubsub.apply([topic, subscription, innocent]);
    const seen: number[] = [];
    await using worker = await pubsub.subscribe(subscription, async ({ n }) => void seen.push(n));
    await plant({ subject: name, headers: BROKEN, body: '{"n":99}' });
    for (let n = 0; n < 50; n++) {
      await pubsub.publish(innocent, { n });
      await pubsub.publish(topic, { n });
    }
    await expect.poll(() => seen).toEqual(Array.from({ length: 50 }, (_unused, n) => n));
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(async () => letters.count()).toBe(1);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({
      id: `${name}:1`,
      reason: "undecodable",
      errorMessage: "the message cannot be read: its headers have a name that is not printable ASCII",
      attempts: 1,
    });
    expect(Buffer.from(letter?.body ?? "").toString()).toBe('{"n":99}');
    expect(Buffer.from(letter?.attributes["anytopic-raw-headers"] ?? "", "base64")).toEqual(BROKEN);
    expect(worker.health().state).toBe("receiving");
    expect(pubsub.health().connections).toMatchObject([{ state: "up" }]);

    // Without its headers, and with its body.
    expect(await letters.redrive()).toBe(1);
    await expect.poll(() => seen.at(-1)).toBe(99);
    expect(await letters.count()).toBe(0);
  });

  test("letters that strangers wrote can be looked at, redriven and purged", async () => {
    const topic = defineTopic<object>("hostile-letters");
    const subscription = defineSubscription(topic, "mail");
    await pubsub.apply([topic, subscription]);
    const subject = "hostile-letters.dead-letters.mail";
    const advisory = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.hostile-letters.mail";
    await plant(
      { subject, headers: BROKEN, body: "one" },
      { subject, headers: Buffer.from("NATS/1.0\r\nanytopic-published: 8700000000000000\r\n\r\n"), body: "two" },
      { subject: advisory, body: "no JSON" },
      { subject: advisory, body: '{"stream_seq":"x"}' },
      { subject: advisory, headers: BROKEN, body: "null" },
    );
    const letters = pubsub.deadLetters(subscription);
    const seen = await letters.peek();
    expect(seen.map(({ body }) => Buffer.from(body).toString())).toEqual([
      "one",
      "two",
      "no JSON",
      '{"stream_seq":"x"}',
      "null",
    ]);
    for (const { publishTime } of seen) expect(publishTime.getTime()).toBeGreaterThan(0);
    expect(await letters.redrive({ limit: 3 })).toBe(3);
    expect(await letters.purge({ limit: 1 })).toBe(1);
    expect(await letters.purge()).toBe(1);
  });

  test("a broken message that the server gave up on is a letter with the raw bytes", async () => {
    const topic = defineTopic<object>("hostile-backstop");
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([topic, subscription]);
    await plant({ subject: "hostile-backstop", headers: BROKEN, body: "{}" });
    // Simulates workers that die while they hold the message, before the library sees it.
    const consumer = await jetstream(pubsub.native as NatsConnection).consumers.get("hostile-backstop", "mail");
    for (let delivery = 0; delivery < 1 + BACKSTOP_DELIVERIES; delivery++)
      (await consumer.next({ expires: 1000 }))?.nak();
    expect(await consumer.next({ expires: 1000 })).toBeNull();
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(async () => letters.count()).toBe(1);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({ id: "hostile-backstop:1", reason: "backstop" });
    expect(Buffer.from(letter?.attributes["anytopic-raw-headers"] ?? "", "base64")).toEqual(BROKEN);
    expect(await letters.redrive()).toBe(1);
  });

  test("a publisher's own record is none, also where its name was encoded and the server gave up on the message", async () => {
    const topic = defineTopic<object>("hostile-record");
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([topic, subscription]);
    const record = '{"reason":"rejected","error":"Forged","message":"forged","attempts":7,"last":5,"sub":"other/one"}';
    const headers = Buffer.from(`NATS/1.0\r\nanytopic%2Ddead-letter: ${record}\r\nanytopic-encoded: a\r\n\r\n`);
    await plant({ subject: "hostile-record", headers, body: "{}" });
    const consumer = await jetstream(pubsub.native as NatsConnection).consumers.get("hostile-record", "mail");
    for (let delivery = 0; delivery < 1 + BACKSTOP_DELIVERIES; delivery++)
      (await consumer.next({ expires: 1000 }))?.nak();
    expect(await consumer.next({ expires: 1000 })).toBeNull();
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(async () => letters.count()).toBe(1);
    expect(await letters.peek()).toMatchObject([{ reason: "backstop", subscription: "hostile-record/mail" }]);
  });

  test("what a stranger sends to an inbox of ours is left out", async () => {
    const topic = defineTopic<{ n: number }>("hostile-inbox");
    const subscription = defineSubscription(topic, "mail");
    await pubsub.apply([topic, subscription]);
    const seen: number[] = [];
    await using worker = await pubsub.subscribe(subscription, async ({ n }) => void seen.push(n));
    await pubsub.publish(topic, { n: 0 });
    const { protocol } = pubsub.native as {
      readonly protocol: { readonly subscriptions: { all(): readonly { readonly subject: string }[] } };
    };
    const subjects = protocol.subscriptions.all().map((all) => all.subject.replace("*", "1"));
    expect(subjects.length).toBeGreaterThan(2);
    await plant(
      ...subjects.flatMap((subject): RawMessage[] => [
        { subject, headers: BROKEN, body: "" },
        { subject, headers: BROKEN, body: "x", reply: "x" },
        { subject, headers: Buffer.from("NATS/1.0 503\r\n\r\n"), body: "" },
        { subject, body: "" },
      ]),
    );
    for (let n = 1; n < 20; n++) await pubsub.publish(topic, { n });
    await expect.poll(() => seen.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(20);
    await expect.poll(() => worker.health().state).toBe("receiving");
    expect(pubsub.health().connections).toMatchObject([{ state: "up" }]);
    expect(await pubsub.deadLetters(subscription).count()).toBe(0);
  });

  test.each([1, 2, 3])("anything that a seeded generator makes (seed %i)", async (seed) => {
    const name = `hostile-seed-${seed}`;
    const topic = defineTopic<{ n: number }>(name);
    const subscription = defineSubscription(topic, "mail", {
      retryPolicy: { maxRetries: 0 },
      maxConcurrency: 8,
    });
    await pubsub.apply([topic, subscription]);
    const hostile = hostileMessages(seed, 300);
    const innocent = new Set<string>();
    await using worker = await pubsub.subscribe(subscription, async (_, { id }) => void innocent.delete(id));
    const publishing = (async (): Promise<void> => {
      for (let n = 0; n < 300; n++) {
        const id = `innocent-${seed}-${n}`;
        innocent.add(id);
        await pubsub.publish(topic, { n }, { id });
      }
    })();
    // A connection for each would take long. A message that breaks the protocol ends only its own batch.
    for (let start = 0; start < hostile.length; start += 20)
      await publishRaw(
        server,
        hostile.slice(start, start + 20).map((message) => ({ subject: name, ...message })),
      );
    await publishing;
    await expect.poll(() => innocent.size, { timeout: 20_000 }).toBe(0);

    const { state } = await jsm.streams.info(name);
    expect(state.messages).toBeGreaterThan(300 + hostile.length / 2);
    const settled = async (): Promise<number> => {
      const { num_pending, num_ack_pending } = await jsm.consumers.info(name, "mail");
      return num_pending + num_ack_pending;
    };
    await expect.poll(settled, { timeout: 20_000 }).toBe(0);
    const letters = pubsub.deadLetters(subscription);
    const count = await letters.count();
    expect(count).toBeGreaterThan(0);
    const found = await letters.peek({ limit: 1000 });
    expect(found).toHaveLength(count);
    for (const { publishTime } of found) expect(Number.isNaN(publishTime.getTime())).toBe(false);
    const altered = found.filter(({ attributes, body }) => {
      const raw = attributes["anytopic-raw-headers"];
      return raw !== undefined && !isOneOf(hostile, Buffer.from(raw, "base64"), body);
    });
    expect(altered).toEqual([]);
    expect(await letters.redrive({ limit: 10 })).toBe(10);
    await letters.purge();
    expect(worker.health().state).toBe("receiving");
    expect(pubsub.health().connections).toMatchObject([{ state: "up" }]);
  });
});

/** Whether a letter has the bytes of a sent message, whatever the stated length of the headers. */
function isOneOf(messages: readonly HostileMessage[], headers: Uint8Array, body: Uint8Array): boolean {
  const bytes = Buffer.concat([headers, body]);
  return messages.some((message) => {
    const sent = Buffer.concat([message.headers, Buffer.from(message.body)]);
    if (headers.length < MAX_RAW_HEADER_BYTES) return sent.equals(bytes);
    return (
      sent.subarray(0, MAX_RAW_HEADER_BYTES).equals(headers) && sent.subarray(sent.length - body.length).equals(body)
    );
  });
}
