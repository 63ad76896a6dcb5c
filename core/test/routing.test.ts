import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { topologiesOf, loadConfig } from "@anytopic/core/config";
import { destroyMemoryBroker, type MemoryBroker } from "@anytopic/memory";
import { twoBrokers } from "./two-brokers.ts";

interface Signup {
  readonly user: number;
}
const Signups = defineTopic<Signup>("signups");
const Audits = defineTopic<Signup>("audits");
const Constructor = defineTopic<Signup>("constructor");
const Mail = defineSubscription(Signups, "mail");
const Store = defineSubscription(Audits, "store");

/** Names of the topics, and of the subscriptions with their topics, on one connection's broker. */
async function resources(pubsub: PubSub, connection: string): Promise<readonly string[]> {
  const { native } = await pubsub.connection(connection);
  const broker = native as MemoryBroker;
  return [
    ...broker.topicStatistics().map(({ topic }) => topic),
    ...broker.subscriptionStatistics().map(({ topic, subscription }) => `${topic}/${subscription}`),
  ];
}

describe("routing", () => {
  test("sends each topic to its connection, by its name there", async () => {
    const config = {
      ...twoBrokers(),
      topics: { audits: { connection: "b", name: "prod-audits", subscriptions: { store: { name: "prod-store" } } } },
    };
    await using pubsub = await connect({ config, declarations: [Mail, Store] });
    expect(await resources(pubsub, "a")).toEqual(["signups", "signups/mail"]);
    expect(await resources(pubsub, "b")).toEqual(["prod-audits", "prod-audits/prod-store"]);
    const users: number[] = [];
    await pubsub.subscribe(Mail, ({ user }) => void users.push(user));
    await pubsub.subscribe(Store, ({ user }) => void users.push(-user));
    await pubsub.publish(Signups, { user: 1 });
    await pubsub.publishBatch(Audits, [{ event: { user: 2 } }]);
    await expect.poll(() => users).toEqual(expect.arrayContaining([1, -2]));
    expect(await pubsub.plan([Mail, Store])).toEqual([]);
    expect(await pubsub.destroy([Audits])).toEqual(["subscription prod-audits/prod-store", "topic prod-audits"]);
    expect(await pubsub.plan([Mail, Store])).toMatchObject([
      { connection: "b", action: "create", resource: "topic prod-audits" },
      { connection: "b", action: "create", resource: "subscription prod-audits/prod-store" },
    ]);
    expect(await pubsub.apply([Mail, Store])).toHaveLength(2);
  });

  test("takes a topic named like a property of every object for what it is", async () => {
    const config = { ...twoBrokers(), topics: { constructor: { connection: "b" } } };
    await using plain = await connect({ config: { ...config, topics: {} }, declarations: [Constructor] });
    expect(await resources(plain, "a")).toEqual(["constructor"]);
    await using routed = await connect({ config, declarations: [Constructor] });
    expect(await resources(routed, "b")).toEqual(["constructor"]);
  });

  test("opens the default connection at once, others when they are needed", async () => {
    const config = { ...twoBrokers(), topics: { audits: { connection: "b" } } };
    await using pubsub = await connect({ config });
    const opened = (): readonly string[] => pubsub.health().connections.map(({ name }) => name);
    expect([pubsub.connections, opened()]).toEqual([["a", "b"], ["a"]]);
    await pubsub.publish(Signups, { user: 1 });
    expect(opened()).toEqual(["a"]);
    await pubsub.publish(Audits, { user: 1 });
    expect(opened()).toEqual(["a", "b"]);
    expect(pubsub.health()).toMatchObject({ status: "up", adapter: "memory", connection: "up" });
  });

  test("opens what declarations need at once, and nothing else", async () => {
    const { connections } = twoBrokers();
    const config = {
      default: "a",
      connections: { ...connections, c: { url: "memory:" } },
      topics: { audits: { connection: "b" } },
    };
    await using pubsub = await connect({ config, declarations: [Store] });
    expect(pubsub.health().connections.map(({ name, state }) => `${name} ${state}`)).toEqual(["a up", "b up"]);
  });

  test("a connection that cannot be had closes the others, and names itself", async () => {
    const { connections } = twoBrokers();
    const config = {
      default: "a",
      connections: { ...connections, bad: { url: "kafka:" } },
      topics: { audits: { connection: "bad" } },
    };
    await expect(connect({ config, declarations: [Mail, Store] })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("connections.bad: no adapter for URLs that begin with kafka:"),
    });
    await using pubsub = await connect({ config });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(pubsub.publish(Audits, { user: 1 })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    }
    await pubsub.publish(Signups, { user: 1 });
  });

  test("a connection that could not be had is tried again with the next use", async () => {
    const { connections } = twoBrokers();
    const name = `limited-${randomUUID()}`;
    const config = {
      default: "a",
      connections: { ...connections, limited: { url: `memory:${name}?maxMessages=5` } },
      topics: { audits: { connection: "limited" } },
    };
    await using pubsub = await connect({ config });
    const other = await connect(`memory:${name}?maxMessages=6`);
    await expect(pubsub.publish(Audits, { user: 1 })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    expect(destroyMemoryBroker(name)).toBe(true);
    await pubsub.publish(Audits, { user: 1 });
    expect(destroyMemoryBroker(name)).toBe(true);
    await other.close();
  });

  test("an unknown connection is an error that lists those there are", async () => {
    await using pubsub = await connect({ config: twoBrokers() });
    await expect(pubsub.connection("c")).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining('there is no connection "c": known are "a", "b"'),
    });
  });

  test("closing closes every connection", async () => {
    const config = { ...twoBrokers(), topics: { audits: { connection: "b" } } };
    const pubsub = await connect({ config, declarations: [Mail, Store] });
    await pubsub.close();
    expect(pubsub.health()).toMatchObject({ status: "down", connections: [{ state: "down" }, { state: "down" }] });
    await expect(pubsub.connection("b")).rejects.toMatchObject({ code: "CLOSED" });
    await expect(pubsub.publish(Audits, { user: 1 })).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("two topics that would share a name on the broker are refused, also when one is not in the file", async () => {
    const config = { ...twoBrokers(), topics: { audits: { name: "signups" } } };
    await using pubsub = await connect({ config });
    await pubsub.publish(Signups, { user: 1 });
    await expect(pubsub.publish(Audits, { user: 1 })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining('topic "audits" and topic "signups" are both named "signups" on connection "a"'),
    });
    await expect(connect({ config, declarations: [Signups, Audits] })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
    });
  });

  test("topologiesOf tells what apply would see, without connecting", async () => {
    const { config } = await loadConfig({
      config: {
        default: "a",
        connections: { a: { url: "nats://nowhere" }, b: { url: "amqp://nowhere" } },
        topics: {
          signups: {
            name: "s",
            mirror: "b",
            subscriptions: { mail: { ackDeadlineMs: 5000, connections: ["b", "a"] } },
          },
        },
      },
      environment: {},
    });
    const found = topologiesOf(config, [Signups, Mail, Store]);
    expect(
      found.map(({ connection, topology }) => [connection, topology.topics.map(({ physicalName }) => physicalName)]),
    ).toEqual([
      ["a", ["s", "audits"]],
      ["b", ["s"]],
    ]);
    expect(found[1]?.topology.subscriptions).toMatchObject([
      { name: "mail", ackDeadlineMs: 5000, topic: { physicalName: "s" } },
    ]);
  });
});

describe("options of the file", () => {
  test("hold where the program says nothing", async () => {
    const config = { ...twoBrokers(), provisioning: "off", publish: { maxPending: 3 } } as const;
    await using pubsub = await connect({ config });
    await expect(pubsub.publish(Signups, { user: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await using another = await connect({ config, provisioning: "ensure" });
    await another.publish(Signups, { user: 1 });
  });
});

describe("verify", () => {
  test("fails with everything that is missing or differs, over all connections, and starts nothing", async () => {
    const config = { ...twoBrokers(), topics: { audits: { connection: "b" } } };
    const verify = { config, provisioning: "verify", declarations: [Mail, Store] } as const;
    await expect(connect(verify)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining(
        "what exists does not fit what is declared:\n" +
          '  missing: topic signups (connection "a")\n  missing: subscription signups/mail (connection "a")\n' +
          '  missing: topic audits (connection "b")\n  missing: subscription audits/store (connection "b"). See ',
      ),
    });
    await using maker = await connect({ config, declarations: [Mail, Store] });
    await using verified = await connect(verify);
    expect(verified.health().status).toBe("up");
    await maker.destroy([Store]);
    const drifted = defineSubscription(Signups, "mail", { ackDeadlineMs: 60_000 });
    await expect(connect({ ...verify, declarations: [drifted, Store] })).rejects.toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: expect.stringMatching(
        /differs: subscription signups\/mail: ackDeadlineMs is 30000, declared 60000 \(connection "a"\)\n {2}missing: subscription audits\/store \(connection "b"\)/,
      ),
    });
    expect(await resources(maker, "b")).toEqual(["audits"]);
  });

  test("sees what the file replaces", async () => {
    const brokers = twoBrokers();
    await connect({ config: brokers, declarations: [Mail] });
    const topics = { signups: { subscriptions: { mail: { ackDeadlineMs: 5000 } } } };
    await expect(
      connect({ config: { ...brokers, provisioning: "verify", topics }, declarations: [Mail] }),
    ).rejects.toThrow("ackDeadlineMs is 30000, declared 5000");
  });
});
