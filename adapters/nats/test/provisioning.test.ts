import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect as connectRaw } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("nats");
const DAY_NS = 86_400_000 * 1e6;
let count = 0;

describe.skipIf(broker === undefined)("provisioning", () => {
  let nc: NatsConnection;
  let jsm: JetStreamManager;
  let pubsub: PubSub;

  beforeAll(async () => {
    const { url } = broker as Broker;
    nc = await connectRaw({ servers: url });
    jsm = await jetstreamManager(nc);
    pubsub = await connect(nats({ servers: url }));
  });

  afterAll(async () => {
    await pubsub.close();
    await nc.close();
    await broker?.close();
  });

  function declared({ ordered = false } = {}): { name: string; all: Parameters<PubSub["apply"]>[0] } {
    const name = `provisioning-${++count}`;
    const topic = defineTopic<object>(name, ordered ? { orderingKey: () => "k" } : {});
    return { name, all: [topic, defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 5 } })] };
  }

  async function streamNames(): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const name of jsm.streams.names()) names.push(name);
    return names;
  }

  test("creates what is missing, says so exactly, and finds nothing to do afterwards", async () => {
    const { name, all } = declared({ ordered: true });
    const expected = [
      `stream ${name}`,
      `consumer ${name}/mail`,
      `stream ${name}__mail__dead-letters`,
      `consumer ${name}__mail__dead-letters/redrive`,
      `stream ${name}__mail__leader`,
    ].map((resource) => ({ action: "create", resource, detail: "" }));
    expect(await pubsub.plan(all)).toMatchObject(expected);
    expect(await pubsub.apply(all)).toMatchObject(expected);
    expect(await pubsub.plan(all)).toEqual([]);
    expect(await pubsub.apply(all, { update: true })).toEqual([]);
    const { config } = await jsm.streams.info(name);
    expect(config).toMatchObject({
      storage: "file",
      num_replicas: 1,
      max_age: 7 * DAY_NS,
      discard: "new",
      duplicate_window: 120e9,
    });
    const consumer = await jsm.consumers.info(name, "mail");
    expect(consumer.config).toMatchObject({
      ack_policy: "explicit",
      ack_wait: 30e9,
      max_deliver: 106,
      max_ack_pending: 10_000,
      deliver_policy: "new",
    });
  });

  test("names each difference, and changes in place what can be changed", async () => {
    const { name, all } = declared();
    await pubsub.apply(all);
    const { config } = await jsm.streams.info(name);
    await jsm.streams.update(name, { ...config, max_age: DAY_NS, duplicate_window: 90e9 });
    await jsm.consumers.update(name, "mail", { ack_wait: 5e9, max_deliver: 3 });
    const expected = [
      {
        action: "update",
        resource: `stream ${name}`,
        detail: "max_age is 1 d, declared 7 d; duplicate_window is 90 s, declared 2 min",
      },
      {
        action: "update",
        resource: `consumer ${name}/mail`,
        detail: "ack_wait is 5 s, declared 30 s; max_deliver is 3, declared 106",
      },
    ];
    expect(await pubsub.plan(all)).toMatchObject(expected);
    expect(await pubsub.apply(all)).toEqual([]);
    expect(await pubsub.plan(all)).toMatchObject(expected);
    expect(await pubsub.apply(all, { update: true })).toMatchObject(expected);
    expect(await pubsub.plan(all)).toEqual([]);
  });

  test("a stream that publishers could empty is said to differ, and is closed to them in place", async () => {
    const { name, all } = declared();
    const open = { subjects: [name, `${name}.redrive.*`], max_age: 7 * DAY_NS, duplicate_window: 120e9 };
    await jsm.streams.add({ name, discard: "new", ...open, allow_rollup_hdrs: true });
    await pubsub.apply(all);
    const detail =
      "allow_rollup_hdrs is true, declared false; deny_purge is false, declared true; deny_delete is false, declared true";
    expect(await pubsub.plan(all)).toMatchObject([{ action: "update", resource: `stream ${name}`, detail }]);
    await pubsub.apply(all, { update: true });
    expect(await pubsub.plan(all)).toEqual([]);
    const { config } = await jsm.streams.info(name);
    expect(config).toMatchObject({ allow_rollup_hdrs: false, deny_purge: true, deny_delete: true });
  });

  test("what cannot be changed in place is reported and left alone", async () => {
    const { name, all } = declared();
    await jsm.streams.add({
      name,
      subjects: [name, `${name}.redrive.*`],
      storage: "memory",
      max_age: 7 * DAY_NS,
      duplicate_window: 120e9,
      discard: "new",
      deny_purge: true,
      deny_delete: true,
    });
    await jsm.consumers.add(name, {
      durable_name: "mail",
      ack_policy: "explicit",
      ack_wait: 30e9,
      max_deliver: 106,
      max_ack_pending: 100_000,
      filter_subject: name,
    });
    await pubsub.apply(all);
    const expected = [
      { action: "replace", resource: `stream ${name}`, detail: "storage is memory, declared file" },
      { action: "replace", resource: `consumer ${name}/mail`, detail: `filter_subject is "${name}", declared none` },
    ];
    expect(await pubsub.plan(all)).toMatchObject(expected);
    expect(await pubsub.apply(all, { update: true })).toEqual([]);
    expect(await pubsub.plan(all)).toMatchObject(expected);
  });

  // About 9,000 requests one after the other: 6 s on two shared processors, and much longer on a busier machine.
  test("several at the same time create everything once", { timeout: 120_000 }, async () => {
    const others = await Promise.all(
      Array.from({ length: 4 }, async () => connect(nats({ servers: (broker as Broker).url }))),
    );
    // Many times, because the server's error depends on the progress of the other one.
    for (let round = 0; round < 100; round += 1) {
      const { all } = declared({ ordered: true });
      await Promise.all(others.map((other) => other.apply(all)));
      expect(await pubsub.plan(all)).toEqual([]);
      await pubsub.destroy(all);
    }
    await Promise.all(others.map(async (other) => other.close()));
  });

  test("destroy deletes everything it created, and nothing twice", async () => {
    const { name, all } = declared({ ordered: true });
    await pubsub.apply(all);
    expect(await pubsub.destroy(all)).toEqual([
      `consumer ${name}/mail`,
      `stream ${name}__mail__dead-letters`,
      `stream ${name}__mail__leader`,
      `stream ${name}`,
    ]);
    expect((await streamNames()).filter((other) => other.startsWith(name))).toEqual([]);
    expect(await pubsub.destroy(all)).toEqual([]);
  });

  test("a prefix keeps environments apart", async () => {
    const { name, all } = declared();
    const staging = await connect(nats({ servers: (broker as Broker).url, prefix: "staging" }));
    await staging.apply(all);
    expect((await jsm.streams.info(`staging__${name}`)).config.subjects).toEqual([
      `staging.${name}`,
      `staging.${name}.redrive.*`,
    ]);
    expect(await pubsub.plan(all)).toHaveLength(4);
    await staging.destroy(all);
    await staging.close();
  });

  test("a server that ignores a setting is refused, not trusted", async () => {
    const { name, all } = declared();
    const forgetful = await connect(nats({ connection: withoutSetting(nc, "max_age") }));
    await expect(forgetful.apply(all)).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringMatching(
        new RegExp(`did not take the configuration of stream ${name}: max_age is unlimited, declared 7 d`),
      ),
    });
    await forgetful.close();
    expect(nc.isClosed()).toBe(false);
  });

  test("a worker refuses a consumer whose lease is shorter than declared", async () => {
    const topic = defineTopic<object>(`provisioning-${++count}`);
    const subscription = defineSubscription(topic, "mail");
    await pubsub.apply([topic, subscription]);
    await jsm.consumers.update(topic.name, "mail", { ack_wait: 1e9 });
    await expect(pubsub.subscribe(subscription, async () => {})).rejects.toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: expect.stringContaining("ack_wait is 1000 ms, shorter than ackDeadlineMs 30000"),
    });
  });
});

/** The same connection, to a server that would silently drop one setting of new streams. */
function withoutSetting(nc: NatsConnection, setting: string): NatsConnection {
  return new Proxy(nc, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name === "request") {
        return async (subject: string, body: Uint8Array, options: Parameters<NatsConnection["request"]>[2]) => {
          if (!subject.includes(".STREAM.CREATE.")) return target.request(subject, body, options);
          const config = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
          delete config[setting];
          return target.request(subject, JSON.stringify(config), options);
        };
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
