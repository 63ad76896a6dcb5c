import { randomUUID } from "node:crypto";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { connect, type DeadLetterQueue, defineSubscription, defineTopic, type PubSub, Reject } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { type Channel, connect as amqpConnect } from "amqplib";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("rabbitmq");
const COUNT = 1000;

interface Stored {
  readonly pubsub: PubSub;
  readonly letters: DeadLetterQueue;
  readonly queue: string;
  /** The ids of all letters that nobody holds, in the order of the queue. */
  readonly inQueue: () => Promise<readonly string[]>;
  readonly raw: Channel;
}

/** The reason of a channel or connection that ended with the queue may come first. */
const GONE: unknown = expect.stringMatching(/^(?:NOT_FOUND|UNAVAILABLE)$/);

/** A dead-letter queue with `COUNT` letters, read by amqplib beside ours. With `classic`, somebody has made it as a classic queue. */
async function stored({ classic = false } = {}): Promise<Stored> {
  const { url } = broker!;
  const topic = defineTopic<number>(`read-${randomUUID().slice(0, 8)}`);
  const subscription = defineSubscription(topic, "worker", { maxConcurrency: 500 });
  const queue = `${topic.name}.worker.dead-letters`;
  const pubsub = await connect(rabbitmq({ url }), classic ? { provisioning: "off" } : {});
  const connection = await amqpConnect(url);
  const raw = await connection.createChannel();
  onTestFinished(async () => {
    await connection.close();
    await pubsub.destroy([topic, subscription]);
    await pubsub.close();
  });
  await pubsub.apply([topic, subscription]);
  if (classic) {
    await raw.deleteQueue(queue);
    await raw.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "classic" } });
  }
  const worker = await pubsub.subscribe(subscription, () => {
    throw new Reject("never");
  });
  await Promise.all(Array.from({ length: COUNT }, (_, n) => pubsub.publish(topic, n)));
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(() => letters.count(), { timeout: 60_000 }).toBe(COUNT);
  await worker.close();
  return { pubsub, letters, queue, raw, inQueue: () => idsIn(queue) };
}

async function idsIn(queue: string): Promise<readonly string[]> {
  const connection = await amqpConnect(broker!.url);
  const channel = await connection.createChannel();
  const count = async (): Promise<number> => (await channel.checkQueue(queue)).messageCount;
  // What was put back may not be applied yet.
  await expect.poll(count, { timeout: 20_000 }).toBe(COUNT);
  const ids: string[] = [];
  const { consumerTag } = await channel.consume(queue, (message) => ids.push(message?.properties.messageId));
  await expect.poll(() => ids.length, { timeout: 20_000 }).toBe(COUNT);
  await channel.cancel(consumerTag);
  // The end of one consumer returns its messages in order.
  await channel.close();
  await connection.close();
  return ids;
}

/** Counts what amqplib sends and waits for, on all channels. */
async function requestsOf(channel: Channel, use: () => Promise<unknown>): Promise<number> {
  const base = Object.getPrototypeOf(Object.getPrototypeOf(channel)) as { sendOrEnqueue: () => void };
  const requests = vi.spyOn(base, "sendOrEnqueue");
  try {
    await use();
    return requests.mock.calls.length;
  } finally {
    requests.mockRestore();
  }
}

describe.skipIf(broker === undefined)("a queue of 1,000 dead letters", { timeout: 120_000 }, () => {
  afterAll(async () => await broker?.close());

  test("is read with few requests, and its order stays", async () => {
    const { letters, inQueue, raw } = await stored();
    const before = await inQueue();
    const seen: string[] = [];
    const scanning = (): Promise<unknown> => letters.scan({ onLetter: ({ id }) => seen.push(id) > 0 });
    expect(await requestsOf(raw, scanning)).toBeLessThan(COUNT / 20);
    expect(new Set(seen).size).toBe(COUNT);
    expect(await inQueue()).toEqual(before);

    const left: string[] = [];
    const passing = (): Promise<unknown> => letters.redrive({ filter: ({ id }) => left.push(id) < 0 });
    expect(await requestsOf(raw, passing)).toBeLessThan(COUNT / 4);
    expect(left).toEqual(seen);
    expect(await inQueue()).toEqual(before);
  });

  test("that somebody made as a classic queue is read too, and its order stays", async () => {
    const { letters, inQueue } = await stored({ classic: true });
    const before = await inQueue();
    let seen = 0;
    await letters.scan({ onLetter: () => (seen += 1) > 0 });
    expect(seen).toBe(COUNT);
    expect(await letters.redrive({ filter: () => false })).toBe(0);
    expect(await inQueue()).toEqual(before);
    expect(await letters.redrive()).toBe(COUNT);
  });

  test("is whole again after a scan that ends early, or fails", async () => {
    const { letters, inQueue } = await stored();
    const seen: string[] = [];
    await letters.scan({ onLetter: ({ id }) => seen.push(id) < 50 });
    expect(seen.length).toBe(50);
    // Not compared with an order that was read before: 3.10 puts what is returned behind what others have returned.
    const after = await inQueue();
    expect(after.slice(0, 50).map((id) => id.split("~")[0])).toEqual(seen);
    const onLetter = (): boolean => {
      throw new RangeError("no more");
    };
    await expect(letters.scan({ onLetter })).rejects.toMatchObject({ cause: expect.any(RangeError) as unknown });
    expect(new Set(await inQueue()).size).toBe(COUNT);
  });

  test("shows each letter once to a scan beside which others take letters, except those that they hold", async () => {
    const { letters, raw, queue } = await stored();
    await raw.prefetch(300);
    let held = 0;
    const seen = new Set<string>();
    let twice = 0;
    const onLetter = ({ id }: { readonly id: string }): boolean => {
      // In the midst of the first window: the scan counted on these.
      if (seen.size === 10) void raw.consume(queue, () => (held += 1));
      if (seen.has(id)) twice += 1;
      seen.add(id);
      return true;
    };
    await letters.scan({ onLetter });
    await expect.poll(() => held).toBe(300);
    expect(twice).toBe(0);
    expect(seen.size).toBeGreaterThanOrEqual(COUNT - 300);
    await expect.poll(() => letters.count()).toBe(COUNT - 300);
  });

  test("is redriven by two at once: each letter by one of them", async () => {
    const { letters, pubsub, queue } = await stored();
    await using other = await connect(rabbitmq({ url: broker!.url }));
    const topic = defineTopic<number>(queue.split(".")[0]!);
    const subscription = defineSubscription(topic, "worker", { maxConcurrency: 500 });
    // Two passes of one program share a channel.
    const passes = [letters.redrive(), letters.redrive(), other.deadLetters(subscription).redrive()];
    const done = await Promise.all(passes);
    expect(done.reduce((sum, one) => sum + one, 0)).toBe(COUNT);
    expect(await letters.count()).toBe(0);
    const got: number[] = [];
    await pubsub.subscribe(subscription, (n) => void got.push(n));
    await expect.poll(() => got.length, { timeout: 30_000 }).toBe(COUNT);
    expect(new Set(got).size).toBe(COUNT);
  });

  test("is whole again when the connection breaks in the midst of a window", async () => {
    const { queue, inQueue } = await stored();
    const proxy = await createTcpProxy({ targetHost: broker!.host, targetPort: broker!.port });
    onTestFinished(() => proxy.close());
    const url = new URL(broker!.url);
    url.host = `${proxy.host}:${proxy.port}`;
    await using cut = await connect(rabbitmq({ url: url.href }));
    const letters = cut.deadLetters(defineSubscription(defineTopic<number>(queue.split(".")[0]!), "worker"));
    let seen = 0;
    const onLetter = (): boolean => {
      seen += 1;
      if (seen === 40) proxy.resetPeers();
      return true;
    };
    await expect(letters.scan({ onLetter })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(new Set(await inQueue()).size).toBe(COUNT);
    await expect.poll(() => letters.count().catch(() => undefined)).toBe(COUNT);
  });

  test("that is deleted meanwhile ends the scan and the pass", async () => {
    const { letters, raw, queue } = await stored();
    let seen = 0;
    const onLetter = (): boolean => {
      seen += 1;
      if (seen === 10) void raw.deleteQueue(queue);
      return true;
    };
    await expect(letters.scan({ onLetter })).rejects.toMatchObject({ code: GONE });
    await expect(letters.redrive({ filter: () => false })).rejects.toMatchObject({ code: GONE });
  });
});
