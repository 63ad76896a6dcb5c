import { startBrokerOrSkip } from "@anytopic/brokers";
import {
  type Clock,
  connect,
  defineSubscription,
  defineTopic,
  type PubSub,
  RetryAfter,
  systemClock,
} from "@anytopic/core";
import { type RabbitmqNative, rabbitmq } from "@anytopic/rabbitmq";
import { type Channel, connect as amqpConnect } from "amqplib";
import type { Socket } from "node:net";
import { afterAll, afterEach, expect, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
const noBroker = broker === undefined;
const noNode = broker?.admin === undefined;
const open = new Set<PubSub>();

afterEach(async () => {
  await Promise.all([...open].map((pubsub) => pubsub.close()));
  open.clear();
});
afterAll(async () => broker?.close());

async function connected(url: string, prefix = ""): Promise<PubSub> {
  const pubsub = await connect(rabbitmq({ url, prefix }), { closeTimeoutMs: 1000 });
  open.add(pubsub);
  return pubsub;
}

/** Asks on a separate channel, since the answer "no" closes it. */
async function ask<Answer>(use: (channel: Channel) => Promise<Answer>): Promise<Answer> {
  const connection = await amqpConnect(broker!.url);
  connection.on("error", () => {});
  try {
    const channel = await connection.createChannel();
    channel.on("error", () => {});
    return await use(channel);
  } finally {
    await connection.close();
  }
}

const exists = (queue: string): Promise<boolean> =>
  ask((channel) => channel.checkQueue(queue)).then(
    () => true,
    () => false,
  );

test.skipIf(noBroker)(
  "wait queues are made for the delays that occur, named after them, and destroyed with the rest",
  async () => {
    const topic = defineTopic<number>("waits");
    const subscription = defineSubscription(topic, "worker", {
      retryPolicy: { minBackoffMs: 200, maxBackoffMs: 200, jitter: 0 },
    });
    const pubsub = await connected(broker!.url, "dev-");
    const attempts: number[] = [];
    const worker = await pubsub.subscribe(subscription, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error("once more");
      if (attempt === 2) throw new RetryAfter(1000);
    });
    const names = ["dev-waits.worker", "dev-waits.worker.dead-letters", "dev-waits.worker.wait"];
    expect(await Promise.all(names.map(exists))).toEqual([true, true, true]);
    expect(await exists("dev-waits.worker.wait.256ms")).toBe(false);
    await pubsub.publish(topic, 1);
    await expect.poll(() => attempts).toEqual([1, 2, 3]);
    const made = ["dev-waits.worker.wait.256ms", "dev-waits.worker.wait.1024ms"];
    expect(await Promise.all(made.map(exists))).toEqual([true, true]);
    expect(await exists("dev-waits.worker.wait.512ms")).toBe(false);
    await worker.close();
    await pubsub.destroy([topic, subscription]);
    expect(await Promise.all([...names, ...made].map(exists))).toEqual([false, false, false, false, false]);
  },
);

// The management command starts a virtual machine each time, which takes seconds on a busy machine.
test.skipIf(noNode)(
  "every queue is a quorum queue, and everything outlives the node",
  { timeout: 60_000 },
  async () => {
    const topic = defineTopic("durable");
    await (await connected(broker!.url)).apply([defineSubscription(topic, "worker")]);
    const queues = await broker!.admin!(["list_queues", "name", "type", "durable"]);
    const ours = queues.split("\n").filter((line) => line.startsWith("durable."));
    expect(ours.toSorted().map((line) => line.split("\t"))).toEqual([
      ["durable.worker", "quorum", "true"],
      ["durable.worker.dead-letters", "quorum", "true"],
      ["durable.worker.wait", "quorum", "true"],
    ]);
    const exchanges = await broker!.admin!(["list_exchanges", "name", "type", "durable"]);
    expect(exchanges.split("\n")).toContain("durable\tfanout\ttrue");
  },
);

test.skipIf(noBroker)("a topic without subscription takes messages, which is said once", async () => {
  const warnings: string[] = [];
  const quiet = (): void => {};
  const logger = {
    debug: quiet,
    info: quiet,
    warn: (_fields: object, message: string) => void warnings.push(message),
    error: quiet,
  };
  const pubsub = await connect(rabbitmq({ url: broker!.url }), { logger });
  open.add(pubsub);
  const topic = defineTopic<number>("unheard");
  await pubsub.apply([topic]);
  for (let event = 0; event < 3; event += 1) await pubsub.publish(topic, event);
  expect(warnings).toEqual([expect.stringContaining('no subscription of topic "unheard" takes a message')]);
});

test.skipIf(noBroker)("what differs is told in the broker's words, and left alone", async () => {
  await ask(async (channel) => {
    await channel.assertExchange("differs", "topic");
    await channel.assertQueue("differs.worker", { arguments: { "x-queue-type": "quorum", "x-delivery-limit": 20 } });
  });
  const pubsub = await connected(broker!.url);
  const subscription = defineSubscription(defineTopic("differs"), "worker");
  const changes = await pubsub.plan([subscription]);
  expect(changes).toMatchObject([
    { action: "replace", resource: "exchange differs", detail: "type is topic, declared fanout" },
    { action: "create", resource: "queue differs.worker.dead-letters", detail: "" },
    { action: "create", resource: "queue differs.worker.wait", detail: "" },
    {
      action: "replace",
      resource: "queue differs.worker",
      detail: expect.stringMatching(/^x-[-a-z]+ is .+, declared .+$/),
    },
  ]);
  expect(await exists("differs.worker.wait")).toBe(false);
});

test.skipIf(noBroker)(
  "a message that kills every worker is dead-lettered by the broker in the end, and told as such",
  async () => {
    const topic = defineTopic<string>("deadly");
    const subscription = defineSubscription(topic, "worker", { retryPolicy: { maxRetries: 0 } });
    const pubsub = await connected(broker!.url);
    await pubsub.apply([subscription]);
    const id = await pubsub.publish(topic, "boom", { attributes: { why: "test" } });
    await ask(async (channel) => {
      for (let delivery = 0; delivery <= 32; delivery += 1) {
        await expect
          .poll(async () => {
            const message = await channel.get("deadly.worker");
            if (message !== false) channel.reject(message, true);
            return message !== false;
          })
          .toBe(true);
      }
    });
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count()).toBe(1);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({ id, reason: "backstop", attributes: { why: "test" } });
    expect(await letters.redrive()).toBe(1);
    const attempts: number[] = [];
    await pubsub.subscribe(subscription, (_event, { attempt }) => void attempts.push(attempt));
    await expect.poll(() => attempts).toEqual([1]);
  },
);

test.skipIf(noBroker)("peeking again and again neither drops nor reorders letters", async () => {
  const topic = defineTopic<number>("peeked");
  const subscription = defineSubscription(topic, "worker", { maxConcurrency: 1, retryPolicy: { maxRetries: 0 } });
  const pubsub = await connected(broker!.url);
  const worker = await pubsub.subscribe(subscription, () => {
    throw new Error("no");
  });
  const ids: string[] = [];
  for (let event = 0; event < 5; event += 1) ids.push(await pubsub.publish(topic, event));
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(() => letters.count()).toBe(5);
  await worker.close();
  // More often than the default delivery limit of a quorum queue from 4.0 on.
  for (let look = 0; look < 25; look += 1) {
    expect((await letters.peek({ limit: 3 })).map(({ id }) => id)).toEqual(ids.slice(0, 3));
  }
  await expect.poll(() => letters.count()).toBe(5);
});

test.skipIf(noBroker)("order holds when a worker is lost while it had given a message back", async () => {
  const topic = defineTopic<{ key: string; seq: number }>("in-order", { orderingKey: ({ key }) => key });
  const subscription = defineSubscription(topic, "worker", {
    retryPolicy: { minBackoffMs: 60_000, maxBackoffMs: 60_000 },
  });
  const publisher = await connected(broker!.url);
  await publisher.apply([subscription]);
  for (let seq = 0; seq < 20; seq += 1) await publisher.publish(topic, { key: `k${seq % 2}`, seq });
  const doomed = await connected(broker!.url);
  await doomed.subscribe(subscription, () => {
    throw new Error("not here");
  });
  // Each key's first message was returned once, so the broker has it after its successors.
  await expect.poll(() => doomed.health().subscriptions[0]?.waiting).toBe(20);
  const heir = await connected(broker!.url);
  const got: { seq: number; attempt: number }[] = [];
  await heir.subscribe(subscription, ({ seq }, { attempt }) => void got.push({ seq, attempt }));
  // Lost, not closed: nothing is released first.
  const { consumeConnection } = doomed.native as RabbitmqNative;
  const { stream } = consumeConnection!.connection as unknown as { readonly stream: Socket };
  stream.destroy();
  void doomed.close({ timeoutMs: 0 });
  await expect.poll(() => got.length).toBe(20);
  for (const parity of [0, 1]) {
    const seqs = got.map(({ seq }) => seq).filter((seq) => seq % 2 === parity);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  }
  expect(Math.min(...got.filter(({ seq }) => seq < 2).map(({ attempt }) => attempt))).toBeGreaterThanOrEqual(2);
});

test.skipIf(noNode)(
  "a user who may not configure shares one wait queue; nothing else fails",
  async () => {
    const admin = broker!.admin!;
    const topic = defineTopic<number>("narrow");
    const subscription = defineSubscription(topic, "worker", {
      retryPolicy: { minBackoffMs: 300, maxBackoffMs: 300, jitter: 0 },
    });
    await (await connected(broker!.url)).apply([subscription]);
    await admin(["add_user", "narrow", "narrow"]);
    await admin(["set_permissions", "narrow", "^$", ".*", ".*"]);
    const url = new URL(broker!.url);
    url.username = url.password = "narrow";
    const pubsub = await connect(rabbitmq({ url: url.href }), { provisioning: "off" });
    open.add(pubsub);
    const runs: { attempt: number; atMs: number }[] = [];
    await pubsub.subscribe(subscription, (_event, { attempt }) => {
      runs.push({ attempt, atMs: performance.now() });
      if (attempt === 1) throw new Error("once more");
    });
    await pubsub.publish(topic, 1);
    await expect.poll(() => runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(runs[1]!.atMs - runs[0]!.atMs).toBeGreaterThanOrEqual(299);
    expect(await exists("narrow.worker.wait.512ms")).toBe(false);
    const refused = (await connected(url.href)).apply([defineTopic("forbidden")]);
    await expect(refused).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  },
  60_000,
);

/** The real time; `keeping` holds the timers that keep the process alive. */
function watchedClock(): Clock & { readonly keeping: ReadonlySet<unknown> } {
  const keeping = new Set<unknown>();
  return {
    keeping,
    now: () => systemClock.now(),
    monotonicNow: () => systemClock.monotonicNow(),
    setTimer(callback, delayMs, keepAlive) {
      const fired = (): void => {
        keeping.delete(handle);
        callback();
      };
      const handle = systemClock.setTimer(fired, delayMs, keepAlive);
      if (keepAlive === true) keeping.add(handle);
      return handle;
    },
    clearTimer(handle) {
      keeping.delete(handle);
      systemClock.clearTimer(handle);
    },
  };
}

test.skipIf(noBroker)(
  "a retry that waits in memory holds up neither close nor the end of the process, and is stored then",
  async () => {
    const topic = defineTopic<number>("kept-alive");
    const subscription = defineSubscription(topic, "worker", {
      retryPolicy: { minBackoffMs: 60_000, maxBackoffMs: 60_000, jitter: 0 },
    });
    const clock = watchedClock();
    const warnings: string[] = [];
    const warn = (_fields: object, text: string): void => void warnings.push(text);
    const logger = { debug() {}, info() {}, error() {}, warn };
    const pubsub = await connect(rabbitmq({ url: broker!.url }), { clock, logger });
    open.add(pubsub);
    await pubsub.apply([subscription]);
    // The publish must be confirmed before the handler cuts its connection.
    await pubsub.publish(topic, 1);
    await pubsub.subscribe(subscription, () => {
      // There is no connection to store the retry when the handler fails.
      const { publishConnection } = pubsub.native;
      publishConnection!.emit("close", new Error("lost"));
      throw new Error("later");
    });
    await expect.poll(() => warnings).toContainEqual(expect.stringContaining("it waits in memory"));
    await expect.poll(() => pubsub.health().connection).toBe("up");
    await pubsub.close({ timeoutMs: 0 });
    expect(clock.keeping).toEqual(new Set());
    const { messageCount } = await ask((channel) => channel.checkQueue("kept-alive.worker.wait.65536ms"));
    expect(messageCount).toBe(1);
  },
);
