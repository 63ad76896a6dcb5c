import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BACKSTOP_DELIVERIES, DEFAULT_MAX_PAYLOAD_BYTES } from "../src/limits.ts";
import { publishRaw } from "./raw-publisher.ts";

const broker: Broker | undefined = await startBrokerOrSkip("nats");

describe.skipIf(broker === undefined)("dead letters", () => {
  let pubsub: PubSub;

  beforeAll(async () => {
    pubsub = await connect(nats({ servers: (broker as Broker).url }));
  });

  afterAll(async () => {
    await pubsub.close();
    await broker?.close();
  });

  test("a message that the server gave up on is a letter, though nobody was listening, and can be redriven", async () => {
    const topic = defineTopic<{ n: number }>("backstop");
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    const other = defineSubscription(topic, "other");
    await pubsub.apply([topic, subscription, other]);
    const id = await pubsub.publish(topic, { n: 1 }, { attributes: { source: "test" } });
    // Simulates workers that die while they hold the message, before core sees it.
    const consumer = await jetstream(pubsub.native as NatsConnection).consumers.get("backstop", "mail");
    for (let delivery = 0; delivery < 1 + BACKSTOP_DELIVERIES; delivery++)
      (await consumer.next({ expires: 1000 }))?.nak();
    expect(await consumer.next({ expires: 1000 })).toBeNull();

    const letters = pubsub.deadLetters(subscription);
    await expect.poll(async () => letters.count()).toBe(1);
    expect(await letters.peek()).toMatchObject([
      { id, reason: "backstop", attributes: { source: "test" }, subscription: "backstop/mail" },
    ]);
    expect(JSON.parse(Buffer.from((await letters.peek())[0]!.body).toString())).toEqual({ n: 1 });

    expect(await letters.redrive()).toBe(1);
    expect(await letters.count()).toBe(0);
    const seen: string[] = [];
    await using worker = await pubsub.subscribe(subscription, async (event, ctx) => {
      seen.push(`${event.n} ${ctx.id} ${ctx.attempt}`);
    });
    await expect.poll(() => seen).toEqual([`1 ${id} 1`]);
    expect(worker.health().state).toBe("receiving");
  });

  test("a letter whose message has expired in the topic's stream does not stop the others", async () => {
    const topic = defineTopic<{ n: number }>("expired");
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([topic, subscription]);
    const nc = pubsub.native as NatsConnection;
    const letters = pubsub.deadLetters(subscription);
    // An advisory in the server's form; its message never existed.
    const advisory = {
      type: "io.nats.jetstream.advisory.v1.max_deliver",
      stream: "expired",
      consumer: "mail",
      stream_seq: 99,
      deliveries: 5,
    };
    nc.publish("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.expired.mail", JSON.stringify(advisory));
    await pubsub.publish(topic, { n: 1 });
    await using worker = await pubsub.subscribe(subscription, async () => {
      throw new Error("no");
    });
    await expect.poll(async () => letters.count()).toBe(2);
    expect((await letters.peek()).map(({ reason }) => reason)).toEqual(["retries-exhausted"]);
    await worker.close();
    expect(await letters.redrive()).toBe(1);
    expect(await letters.count()).toBe(0);
  });

  test("a letter that was stored twice is two letters, and both are redriven", async () => {
    const topic = defineTopic<{ n: number }>("twice");
    const subscription = defineSubscription(topic, "mail");
    await pubsub.apply([topic, subscription]);
    const headers = Buffer.from("NATS/1.0\r\nanytopic-id: one\r\nanytopic-published: 1795000000000\r\n\r\n");
    const stored = { subject: "twice.dead-letters.mail", headers, body: '{"n":1}' };
    expect(await publishRaw(broker as Broker, [stored, stored])).toEqual([]);
    const letters = pubsub.deadLetters(subscription);
    expect(await letters.count()).toBe(2);
    expect(await letters.redrive()).toBe(2);
    expect(await letters.count()).toBe(0);
  });

  test("a message that leaves no room for a record is stored as far as it can be, once, and goes back", async () => {
    const topic = defineTopic<Uint8Array>("no-room", { codec: "bytes" });
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([topic, subscription]);
    const largest = DEFAULT_MAX_PAYLOAD_BYTES;
    const block = (lines: string): Buffer => Buffer.from(`NATS/1.0\r\n${lines}\r\n`);
    const messages = [
      // Headers of the largest size that JetStream stores, and a body that fills the server's limit.
      { headers: block(`Nats-Msg-Id: headers\r\nsmall: 1\r\nbig: ${"x".repeat(65_400)}\r\n`), body: "1" },
      { headers: block(Array.from({ length: 6000 }, (_, n) => `h${n}: ü\r\n`).join("")), body: "2" },
      { headers: block("Nats-Msg-Id: body\r\n"), body: Buffer.alloc(largest - 40, "3") },
      { headers: block("Nats-Msg-Id: more\r\na: b\r\n"), body: Buffer.alloc(largest - 150, "4") },
      { body: Buffer.alloc(largest, "5") },
      { headers: block(`Nats-Msg-Id: ${"i".repeat(65_000)}\r\n`), body: "6" },
      { headers: Buffer.concat([block("a b: c\r\n"), Buffer.alloc(65_000, "x")]), body: Buffer.alloc(900_000, "7") },
    ];
    const sent = messages.map((message) => ({ subject: "no-room", ...message }));
    expect(await publishRaw(broker as Broker, sent)).toEqual([]);
    const runs: number[] = [];
    let failing = true;
    await using worker = await pubsub.subscribe(subscription, async (body) => {
      runs.push(body[0] ?? 0);
      if (failing) throw new Error("no");
    });
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(async () => letters.count(), { timeout: 15_000 }).toBe(messages.length);
    // The last one cannot be read, so it is never handled.
    expect(runs.map((code) => String.fromCharCode(code))).toEqual(["1", "2", "3", "4", "5", "6"]);
    const found = await letters.peek();
    const lengths = found.map(({ body }) => `${String.fromCharCode(body[0] ?? 0)} ${body.length}`);
    expect(lengths.toSorted()).toEqual(
      messages.map(({ body }, index) => `${index + 1} ${Buffer.from(body).length}`).toSorted(),
    );
    const letter = (first: string): (typeof found)[number] =>
      found.find(({ body }) => body[0] === first.charCodeAt(0)) as never;
    expect(letter("1")).toMatchObject({ id: "headers", reason: "retries-exhausted", attributes: { small: "1" } });
    expect(letter("1").attributes["anytopic-incomplete"]).toBe("1 attributes did not fit");
    expect(letter("2")).toMatchObject({ reason: "retries-exhausted", attributes: { h0: "ü", h1: "ü" } });
    // Only the body: the stream says which subscription it belongs to, and since when.
    expect(letter("3")).toMatchObject({ id: "no-room__mail__dead-letters:3", reason: "backstop", attributes: {} });
    expect(letter("4").id).toBe("more");
    expect(letter("6")).toMatchObject({ id: "no-room:6", reason: "retries-exhausted" });
    expect(letter("7")).toMatchObject({ id: "no-room:7", reason: "undecodable" });
    failing = false;
    runs.length = 0;
    expect(await letters.redrive()).toBe(messages.length);
    await expect.poll(() => runs.length, { timeout: 15_000 }).toBe(messages.length);
    expect(await letters.count()).toBe(0);
    expect(worker.health().state).toBe("receiving");
  });
});
