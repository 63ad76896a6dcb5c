import { freePorts, startBrokerOrSkip } from "@anytopic/brokers";
import { bytesCodec, connect, defineSubscription, defineTopic, type Observer, type PubSub } from "@anytopic/core";
import { rabbitmq, type RabbitmqOptions } from "@anytopic/rabbitmq";
import { connect as amqpConnect } from "amqplib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { connectRaw } from "./raw-client.ts";

// So small that a message's headers do not fit after we have added ours.
const config = "frame_max = 8192\nmax_message_size = 20000";
const broker = await startBrokerOrSkip("rabbitmq", { config });
const noBroker = broker === undefined;
const noNode = broker?.provider !== "native";
const open = new Set<PubSub>();
let managementUrl: string;

// Like `rabbitmq-plugins enable`, on our own port.
beforeAll(async () => {
  if (noNode) return;
  const [port] = await freePorts(1);
  managementUrl = `http://127.0.0.1:${port}`;
  const enable = `
    application:set_env(rabbitmq_management, tcp_config, [{port, ${port}}, {ip, "127.0.0.1"}], [{persistent, true}]),
    File = rabbit_plugins:enabled_plugins_file(),
    ok = file:write_file(File, "[rabbitmq_management].\\n"),
    rabbit_plugins:ensure(File).`;
  await broker.admin!(["eval", enable]);
});
afterEach(async () => {
  await Promise.all([...open].map((pubsub) => pubsub.close()));
  open.clear();
});
afterAll(async () => broker?.close());

async function connected(options: RabbitmqOptions = {}, observer: Observer = () => {}): Promise<PubSub> {
  const quiet = (): void => {};
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const pubsub = await connect(rabbitmq({ url: broker!.url, ...options }), { closeTimeoutMs: 1000, logger, observer });
  open.add(pubsub);
  return pubsub;
}

function failing(name: string, maxRetries = 0) {
  const retryPolicy = { maxRetries, minBackoffMs: 100, maxBackoffMs: 100, jitter: 0 };
  const topic = defineTopic<number>(name);
  return { topic, subscription: defineSubscription(topic, "worker", { retryPolicy }) };
}

test.skipIf(noNode)(
  "plan and verify tell what policies do to messages, retries and letters, when they may ask",
  { timeout: 90_000 },
  async () => {
    const admin = broker!.admin!;
    const { subscription } = failing("governed", 3);
    const pubsub = await connected({ managementUrl });
    await pubsub.apply([subscription]);
    expect(await pubsub.plan([subscription])).toEqual([]);
    const harm = { "message-ttl": 60_000, expires: 3_600_000, "max-length": 5, overflow: "drop-head" };
    await admin(["set_policy", "--apply-to", "queues", "tidy", "^governed", JSON.stringify(harm)]);
    await admin(["set_operator_policy", "--apply-to", "queues", "strict", "^governed", '{"delivery-limit": 5}']);
    const found = async (): Promise<string[]> =>
      (await pubsub.plan([subscription])).map(({ action, resource, detail }) => `${action} ${resource}: ${detail}`);
    await expect.poll(async () => (await found()).length, { timeout: 30_000 }).toBe(11);
    const changes = await found();
    const by = 'policy "tidy" and operator policy "strict" sets';
    expect(changes).toContain(
      `replace queue governed.worker.dead-letters: ${by} message-ttl 60000, which deletes dead letters: exclude this queue from it`,
    );
    expect(changes).toContain(
      `replace queue governed.worker: ${by} delivery-limit 5, which makes messages dead letters before their last retry: exclude this queue from it`,
    );
    expect(changes.filter((change) => change.includes("queue governed.worker.wait:")).length).toBe(3);
    const verified = connect(rabbitmq({ url: broker!.url, managementUrl }), { provisioning: "verify" });
    open.add(await verified);
    await expect((await verified).subscribe(subscription, () => {})).rejects.toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: expect.stringContaining("deletes dead letters") as string,
    });
  },
);

test.skipIf(noNode)(
  "bindings of an earlier filter are seen and removed, and nothing that passes is lost meanwhile",
  { timeout: 90_000 },
  async () => {
    const topic = defineTopic<string>("refiltered");
    const declare = (...region: string[]) =>
      defineSubscription(topic, "worker", region.length === 0 ? {} : { filter: { region } });
    const pubsub = await connected({ managementUrl });
    const resource = "exchange refiltered.worker.filter";
    const planned = async (...region: string[]): Promise<string[]> =>
      (await pubsub.plan([declare(...region)])).map(
        (change) => `${change.action} ${change.resource}: ${change.detail}`,
      );
    await pubsub.apply([declare()]);
    expect(await planned("eu")).toEqual([`create ${resource}: `]);
    await pubsub.apply([declare("eu")]);
    const direct = "the queue is also bound to the topic without a filter";
    await expect.poll(() => planned("eu"), { timeout: 30_000 }).toEqual([`update ${resource}: ${direct}`]);

    const seen: string[] = [];
    const worker = await pubsub.subscribe(declare("eu", "us"), (event) => void seen.push(event));
    const sent: string[] = [];
    const changed = new AbortController();
    const publishing = (async () => {
      for (let n = 0; !changed.signal.aborted; n += 1) {
        sent.push(await pubsub.publish(topic, `${n}`, { attributes: { region: n % 2 === 0 ? "eu" : "us" } }));
      }
    })();
    await pubsub.apply([declare("eu", "us")], { update: true });
    await expect.poll(() => planned("eu", "us"), { timeout: 30_000 }).toEqual([]);
    await expect
      .poll(() => planned("us"), { timeout: 30_000 })
      .toEqual([`update ${resource}: has 2 bindings that the declared filter has not`]);
    changed.abort();
    await publishing;
    await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(sent.length);
    await worker.close();

    await pubsub.apply([declare("us")], { update: true });
    await expect.poll(() => planned("us"), { timeout: 30_000 }).toEqual([]);
    const present = defineSubscription(topic, "worker", { filter: { region: { exists: true } } });
    await pubsub.apply([present], { update: true });
    await expect.poll(() => pubsub.plan([present]), { timeout: 30_000 }).toEqual([]);
    await pubsub.apply([declare()], { update: true });
    expect(await planned()).toEqual([]);
    expect(await pubsub.destroy([topic, declare("us")])).not.toContain(resource);
  },
);

test.skipIf(noNode)("a management API that says no, or is none, is an error without the password", async () => {
  const { subscription } = failing("unasked");
  const wrong = await connected({ managementUrl: managementUrl.replace("//", "//guest:hunter2@") });
  const refused = await wrong.plan([subscription]).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(JSON.stringify(refused, ["message", "cause", "stack"])).not.toContain("hunter2");
  const nobody = await connected({ managementUrl: "http://127.0.0.1:1" });
  await expect(nobody.plan([subscription])).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
});

test.skipIf(noNode)(
  "a policy that bounds the dead-letter queue drops no letter: what finds no place is kept and tried again",
  { timeout: 60_000 },
  async () => {
    const admin = broker!.admin!;
    const { topic, subscription } = failing("bounded");
    let refused = 0;
    const pubsub = await connected({}, ({ type }) => void (refused += type === "dead-letter-failed" ? 1 : 0));
    await pubsub.apply([subscription]);
    await admin([
      "set_policy",
      "--apply-to",
      "queues",
      "bound",
      "^bounded[.]worker[.]dead-letters$",
      '{"max-length": 2}',
    ]);
    await pubsub.subscribe(subscription, () => {
      throw new Error("no");
    });
    const first = [await pubsub.publish(topic, 1), await pubsub.publish(topic, 2)];
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count()).toBe(2);
    // The broker refuses letters once it has one more than the policy allows.
    const third = await pubsub.publish(topic, 3);
    await expect.poll(() => letters.count()).toBe(3);
    const fourth = await pubsub.publish(topic, 4);
    await expect.poll(() => refused).toBe(1);
    expect((await letters.peek({ limit: 10 })).map(({ id }) => id)).toEqual([...first, third]);
    // The fourth is tried again until there is room for it.
    expect(await letters.purge({ limit: 2 })).toBe(2);
    const ids = async (): Promise<string[]> => (await letters.peek()).map(({ id }) => id);
    await expect.poll(ids, { timeout: 20_000 }).toEqual([third, fourth]);
  },
);

test.skipIf(noBroker)("a dead-letter queue of an earlier version will do", async () => {
  const connection = await amqpConnect(broker!.url);
  const channel = await connection.createChannel();
  const earlier = { "x-queue-type": "quorum", "x-delivery-limit": 2 ** 31 - 1 };
  await channel.assertQueue("earlier.worker.dead-letters", { durable: true, arguments: earlier });
  await connection.close();
  const { subscription } = failing("earlier");
  const pubsub = await connected();
  await pubsub.apply([subscription]);
  expect(await pubsub.plan([subscription])).toEqual([]);
});

test.skipIf(noBroker)(
  "without its dead-letter queue a message is kept, and no handler runs too often; apply makes the queue again",
  async () => {
    const { topic, subscription } = failing("gone", 1);
    const seen = { "dead-letter": 0, "dead-letter-failed": 0 };
    const pubsub = await connected({}, ({ type }) => {
      if (type === "dead-letter" || type === "dead-letter-failed") seen[type] += 1;
    });
    let runs = 0;
    await pubsub.subscribe(subscription, () => {
      runs += 1;
      throw new Error("no");
    });
    const connection = await amqpConnect(broker!.url);
    const channel = await connection.createChannel();
    await channel.deleteQueue("gone.worker.dead-letters");
    await connection.close();
    const id = await pubsub.publish(topic, 1);
    await expect.poll(() => seen["dead-letter-failed"]).toBeGreaterThan(0);
    await pubsub.apply([subscription]);
    // A `get` from a queue that is just being created ends the whole connection (541, seen on 3.10.8).
    await expect.poll(() => seen["dead-letter"], { timeout: 20_000 }).toBe(1);
    expect(await pubsub.deadLetters(subscription).peek()).toMatchObject([{ id, attempts: 2 }]);
    expect(runs).toBe(2);
  },
);

test.skipIf(noNode)(
  "a virtual host that may have no more queues is told so, and retries share the wait queue that there is",
  { timeout: 60_000 },
  async () => {
    const admin = broker!.admin!;
    await admin(["add_vhost", "small"]);
    await admin(["set_permissions", "-p", "small", "guest", ".*", ".*", ".*"]);
    await admin(["set_vhost_limits", "-p", "small", '{"max-queues": 3}']);
    const pubsub = await connected({ url: new URL("/small", broker!.url).href });
    const { topic, subscription } = failing("full", 2);
    const attempts: number[] = [];
    await pubsub.subscribe(subscription, (_event, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error("once more");
    });
    await pubsub.publish(topic, 1);
    await expect.poll(() => attempts).toEqual([1, 2, 3]);
    await expect(pubsub.apply([failing("one-more").subscription])).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
  },
);

test.skipIf(noBroker).each([
  ["with its attributes, behind the body", "small", 10, { large: "x".repeat(7000) }, /^no$/],
  ["without them, and says so", "large", 19_000, {}, /^no \(stored without its 1 attributes, .*larger than/],
])(
  "a letter whose headers do not fit into a frame is stored once, %s",
  { timeout: 30_000 },
  async (_what, name, size, attributes, errorMessage) => {
    const topic = defineTopic<Uint8Array>(`${name}-frames`, { codec: bytesCodec });
    const retryPolicy = { maxRetries: 1, minBackoffMs: 100, maxBackoffMs: 100, jitter: 0 };
    const subscription = defineSubscription(topic, "worker", { retryPolicy });
    const pubsub = await connected();
    const runs: { attempt: number; attributes: object }[] = [];
    await pubsub.subscribe(subscription, (_body, context) => {
      runs.push({ attempt: context.attempt, attributes: { ...context.attributes } });
      throw new Error("no");
    });
    const raw = await connectRaw(broker!.url);
    const body = Buffer.alloc(size, 0xff);
    await raw.publish(topic.name, "", body, { messageId: "m", headers: { large: "x".repeat(7000) } });
    await raw.close();
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count()).toBe(1);
    const [letter] = await letters.peek();
    expect({ ...letter?.attributes }).toEqual(attributes);
    expect(letter).toMatchObject({ id: "m", attempts: 2, errorMessage: expect.stringMatching(errorMessage) as string });
    expect(Buffer.from(letter!.body).equals(body)).toBe(true);
    const all = { large: "x".repeat(7000) };
    expect(runs).toEqual([
      { attempt: 1, attributes: all },
      { attempt: 2, attributes: all },
    ]);
  },
);
