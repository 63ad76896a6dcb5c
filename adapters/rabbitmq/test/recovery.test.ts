import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type Observer, type PubSub } from "@anytopic/core";
import { type RabbitmqNative, rabbitmq } from "@anytopic/rabbitmq";
import type { Channel, ChannelModel, Message } from "amqplib";
import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createInspector, type Inspector } from "./inspector.ts";

const broker = await startBrokerOrSkip("rabbitmq");
const noBroker = broker === undefined;
const noNode = broker?.admin === undefined;
let inspector: Inspector;
const open = new Set<PubSub>();

beforeAll(async () => {
  if (broker !== undefined) inspector = createInspector(broker.url);
});
afterEach(async () => {
  await Promise.all([...open].map((pubsub) => pubsub.close()));
  open.clear();
});
afterAll(async () => {
  await inspector?.close();
  await broker?.close();
});

async function connected(observer: Observer = () => {}): Promise<PubSub> {
  const pubsub = await connect(rabbitmq({ url: broker!.url }), { observer });
  open.add(pubsub);
  return pubsub;
}

/** Not in amqplib's types. */
const socketOf = (model: ChannelModel): Socket => (model.connection as unknown as { readonly stream: Socket }).stream;

const consumersOf = async (queue: string): Promise<number | undefined> => (await inspector.stats(queue)).workers;

test.skipIf(noNode)(
  "a connection that the management command closes is made again, 20 times, with exactly one consumer in the end",
  async () => {
    const admin = broker!.admin!;
    const topic = defineTopic<number>("forced");
    const subscription = defineSubscription(topic, "worker");
    let reattached = 0;
    const pubsub = await connected((event) => {
      if (event.type === "receiving" && event.reconnected) reattached += 1;
    });
    const got = new Set<number>();
    const worker = await pubsub.subscribe(subscription, (event) => void got.add(event));
    for (let round = 0; round < 20; round += 1) {
      if (round % 5 === 0) {
        await admin(["close_all_connections", "test"]);
      } else {
        const { publishConnection, consumeConnection } = pubsub.native as RabbitmqNative;
        for (const model of [publishConnection, consumeConnection])
          socketOf(model!).destroy(new Error("cut by the test"));
      }
      await expect.poll(() => reattached, { timeout: 20_000 }).toBeGreaterThan(round);
      await expect.poll(() => pubsub.health().status, { timeout: 20_000 }).toBe("up");
      await pubsub.publish(topic, round);
    }
    await expect.poll(() => got.size).toBe(20);
    expect(worker.health().state).toBe("receiving");
    await expect.poll(() => consumersOf("forced.worker")).toBe(1);
  },
  180_000,
);

test.skipIf(noNode)(
  "the application inside the node may stop and start",
  async () => {
    const admin = broker!.admin!;
    const topic = defineTopic<number>("stopped");
    const subscription = defineSubscription(topic, "worker");
    const pubsub = await connected();
    const got: number[] = [];
    await pubsub.subscribe(subscription, (event) => void got.push(event));
    await pubsub.publish(topic, 1);
    await admin(["stop_app"]);
    await expect.poll(() => pubsub.health().connection, { timeout: 20_000 }).not.toBe("up");
    await expect(pubsub.publish(topic, 2)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await admin(["start_app"]);
    await expect.poll(() => pubsub.health().status, { timeout: 60_000 }).toBe("up");
    await pubsub.publish(topic, 3);
    await expect.poll(() => got.includes(1) && got.includes(3)).toBe(true);
    await expect.poll(() => consumersOf("stopped.worker")).toBe(1);
  },
  180_000,
);

test.skipIf(noNode)(
  "a broker that is short of memory makes the connection degraded, publishes wait, and acks go on",
  async () => {
    const admin = broker!.admin!;
    const topic = defineTopic<number>("blocked");
    const subscription = defineSubscription(topic, "worker", { retryPolicy: { minBackoffMs: 100, maxBackoffMs: 100 } });
    const pubsub = await connected();
    const attempts: number[] = [];
    await pubsub.apply([subscription]);
    await pubsub.publish(topic, 1);
    await admin(["set_vm_memory_high_watermark", "0.0001"]);
    // The broker blocks a connection only after it has published.
    const waiting = pubsub.publish(topic, 2);
    await expect.poll(() => pubsub.health().connection).toBe("degraded");
    const later = pubsub.publish(topic, 3);
    // A retry cannot be stored now: it waits in the worker, and its attempt counts too.
    const worker = await pubsub.subscribe(subscription, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("once more");
    });
    await expect.poll(() => attempts).toContain(1);
    await admin(["set_vm_memory_high_watermark", "absolute", "1GB"]);
    await Promise.all([waiting, later]);
    await expect.poll(() => pubsub.health().connection).toBe("up");
    await expect.poll(() => attempts.filter((attempt) => attempt === 2).length, { timeout: 30_000 }).toBe(3);
    await worker.close();
  },
  120_000,
);

test.skipIf(noBroker)(
  "a listener that nobody has does not end the process: 404 on one topic harms no other",
  async () => {
    const pubsub = await connected();
    const [gone, there] = [defineTopic<number>("gone"), defineTopic<number>("there")];
    await pubsub.apply([gone, there]);
    await pubsub.publish(gone, 1);
    await pubsub.destroy([gone]);
    const results = await Promise.allSettled([
      pubsub.publish(gone, 2),
      pubsub.publish(there, 1),
      pubsub.publish(gone, 3),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected"]);
    expect(results[0]).toMatchObject({ reason: { code: "NOT_FOUND" } });
    expect(pubsub.health().connection).toBe("up");
    await pubsub.apply([gone]);
    await pubsub.publish(gone, 4);
  },
);

/** The channels of a connection that consume; not in amqplib's types. */
function consumingChannels(model: ChannelModel): Channel[] {
  const { channels } = model.connection as unknown as { readonly channels: readonly ({ channel: Channel } | null)[] };
  return channels
    .flatMap((entry) => entry?.channel ?? [])
    .filter((channel) => (channel as unknown as { consumers?: Map<string, unknown> }).consumers?.size === 1);
}

test.skipIf(noBroker)("a channel that the broker closes with 406 is replaced, and harms no other", async () => {
  const pubsub = await connected();
  const topic = defineTopic<number>("precondition");
  const [hurt, other] = [defineSubscription(topic, "hurt"), defineSubscription(topic, "other")];
  const runs: { attempt: number; outcome: string }[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await pubsub.subscribe(hurt, async (_event, { attempt, signal }) => {
    if (attempt === 1) await released;
    runs.push({ attempt, outcome: signal.aborted ? "revoked" : "handled" });
  });
  const [channel] = consumingChannels((pubsub.native as RabbitmqNative).consumeConnection!);
  const heard: number[] = [];
  const otherWorker = await pubsub.subscribe(other, (event) => void heard.push(event));
  await pubsub.publish(topic, 1);
  await expect.poll(() => heard).toEqual([1]);
  const closed = new Promise<Error>((resolve) => void channel!.once("error", resolve));
  channel!.ack({ fields: { deliveryTag: 4711 } } as Message);
  expect(await closed).toMatchObject({ code: 406 });
  await expect.poll(() => runs).toContainEqual({ attempt: 2, outcome: "handled" });
  // The first attempt's ack belongs to a lost channel: it must settle nothing on the new one.
  await pubsub.publish(topic, 2);
  release();
  await expect.poll(() => runs.filter(({ outcome }) => outcome === "revoked").length).toBe(1);
  await expect.poll(() => heard).toEqual([1, 2]);
  expect(otherWorker.health().state).toBe("receiving");
  expect(pubsub.health().connection).toBe("up");
  await expect.poll(() => consumersOf("precondition.hurt")).toBe(1);
  await expect.poll(async () => (await inspector.stats("precondition.hurt")).waiting).toBe(0);
});

test.skipIf(noBroker)("wrong passwords and missing virtual hosts are told apart, without the password", async () => {
  const url = new URL(broker!.url);
  url.password = "hunter2";
  const refused = await connect(rabbitmq({ url: url.href })).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "UNAUTHENTICATED", retryable: false });
  expect(JSON.stringify(refused, ["message", "cause", "stack"])).not.toContain("hunter2");
  const missing = connect(rabbitmq({ url: new URL("/nowhere", broker!.url).href }));
  await expect(missing).rejects.toMatchObject({ code: "NOT_FOUND", retryable: false });
});

/** The beginning of a `basic.ack` method frame after its channel: size 13, class 60, method 80. */
const ACK_FRAME = Buffer.from([0, 0, 0, 13, 0, 60, 0, 80]);

/** Ends the connection instead of sending the first ack on it. */
function dieBeforeFirstAck(socket: Socket, died: () => void): void {
  const write = socket.write.bind(socket) as (chunk: Buffer | string, ...rest: unknown[]) => boolean;
  socket.write = (chunk: Buffer | string, ...rest: unknown[]): boolean => {
    if (!Buffer.isBuffer(chunk) || !chunk.includes(ACK_FRAME)) return write(chunk, ...rest);
    died();
    socket.destroy(new Error("died before the ack"));
    return false;
  };
}

test.skipIf(noBroker)(
  "a worker that dies between storing a retry and acknowledging the message makes a duplicate, never a loss",
  async () => {
    const topic = defineTopic<number>("dies-between");
    // Longer than `QUEUE_SETTLES_MS`: until then the original is not acknowledged.
    const retryPolicy = { minBackoffMs: 3000, maxBackoffMs: 3000 };
    const subscription = defineSubscription(topic, "worker", { retryPolicy });
    const pubsub = await connected();
    const attempts: number[] = [];
    const whenItDied: number[] = [];
    await pubsub.subscribe(subscription, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempts.length > 1) return;
      const { consumeConnection } = pubsub.native as RabbitmqNative;
      dieBeforeFirstAck(socketOf(consumeConnection!), () => whenItDied.push(...attempts));
      throw new Error("once more");
    });
    await pubsub.publish(topic, 1);
    await expect.poll(() => attempts, { timeout: 20_000 }).toEqual([1, 2, 2]);
    expect(whenItDied).toEqual([1]);
    await expect.poll(() => inspector.stats("dies-between.worker")).toMatchObject({ workers: 1, waiting: 0 });
  },
  60_000,
);

test.skipIf(noBroker)(
  "an ordered worker does not wait for a retry that another worker has handled meanwhile",
  async () => {
    const topic = defineTopic<{ key: string; number: number }>("handled-elsewhere", { orderingKey: ({ key }) => key });
    const retryPolicy = { minBackoffMs: 2000, maxBackoffMs: 2000 };
    const subscription = defineSubscription(topic, "worker", { retryPolicy });
    const runs: string[] = [];
    const [first, second] = [await connected(), await connected()];
    await first.subscribe(subscription, ({ number }, { attempt }) => {
      runs.push(`first ${number}`);
      if (number === 1 && attempt === 1) throw new Error("not yet");
    });
    await second.subscribe(subscription, ({ number }) => void runs.push(`second ${number}`));
    await second.publish(topic, { key: "a", number: 1 });
    await expect.poll(() => runs).toEqual(["first 1"]);

    socketOf((first.native as RabbitmqNative).consumeConnection!).destroy(new Error("cut by the test"));
    await expect.poll(() => runs).toEqual(["first 1", "second 1"]);
    await expect.poll(() => first.health().status).toBe("up");
    await second.close();
    await first.publish(topic, { key: "a", number: 2 });
    await first.publish(topic, { key: "a", number: 3 });
    await expect.poll(() => runs, { timeout: 8000 }).toEqual(["first 1", "second 1", "first 2", "first 3"]);
  },
);
