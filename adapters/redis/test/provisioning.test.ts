import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf } from "./redis-servers.ts";

const broker: Broker | undefined = await startBrokerOrSkip("redis", { provider: "native" });
let count = 0;

describe.skipIf(broker === undefined)("provisioning", () => {
  let plain: PlainClient;
  let pubsub: PubSub;

  beforeAll(async () => {
    plain = await plainClient((broker as Broker).url);
    pubsub = await connected();
  });

  afterAll(async () => {
    await pubsub.close();
    await plain.close();
    await broker?.close();
  });

  const connected = async (prefix = ""): Promise<PubSub> =>
    connect(redis({ servers: addressOf(broker as Broker), prefix }), { provisioning: "off" });

  function declared(options: object = {}): { readonly name: string; readonly all: Parameters<PubSub["apply"]>[0] } {
    const name = `provisioning-${++count}`;
    const topic = defineTopic<object>(name, options);
    return { name, all: [topic, defineSubscription(topic, "mail")] };
  }

  const resources = (name: string): readonly string[] => [
    `stream ${name}`,
    `hash {${name}}:meta`,
    `group mail of stream ${name}`,
    `stream {${name}}:mail:again`,
    `stream {${name}}:mail:dead`,
  ];
  const created = (names: readonly string[]): readonly object[] =>
    names.map((resource) => ({ action: "create", resource, detail: "" }));

  test("creates what is missing, says so exactly, and finds nothing to do afterwards", async () => {
    const { name, all } = declared({ retentionMs: 3_600_000 });
    expect(await pubsub.plan(all)).toMatchObject(created(resources(name)));
    expect(await pubsub.apply(all)).toMatchObject(created(resources(name)));
    expect(await pubsub.plan(all)).toEqual([]);
    expect(await pubsub.apply(all, { update: true })).toEqual([]);
    const meta = ((await plain.send("HGETALL", `{${name}}:meta`)) as readonly Buffer[]).map(String);
    expect(meta.slice(0, 8).join(" ")).toBe("format 1 ordered false exactlyOnce false retentionMs 3600000");
    expect(await plain.send("XLEN", name)).toBe(0);
  });

  test("names each difference, and changes in place what can be changed", async () => {
    const { name, all } = declared();
    await pubsub.apply(all);
    await plain.send("HSET", `{${name}}:meta`, "retentionMs", "5", "ackDeadlineMs:mail", "7");
    const expected = [
      { action: "update", resource: `hash {${name}}:meta`, detail: "retentionMs is 5, declared 604800000" },
      { action: "update", resource: `group mail of stream ${name}`, detail: "ackDeadlineMs is 7, declared 30000" },
    ];
    expect(await pubsub.plan(all)).toMatchObject(expected);
    expect(await pubsub.apply(all)).toEqual([]);
    expect(await pubsub.apply(all, { update: true })).toMatchObject(expected);
    expect(await pubsub.plan(all)).toEqual([]);
  });

  test("verify fails with the list", async () => {
    const { name, all } = declared();
    await pubsub.apply(all);
    await plain.send("HSET", `{${name}}:meta`, "ordered", "true");
    await plain.send("DEL", `{${name}}:mail:dead`);
    const [topic] = all as [ReturnType<typeof defineTopic<object>>];
    await using verifying = await connect(redis({ servers: addressOf(broker as Broker) }), { provisioning: "verify" });
    await expect(verifying.subscribe(defineSubscription(topic, "mail"), () => {})).rejects.toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: expect.stringMatching(/ordered is true, declared false[^]*mail:dead/),
    });
  });

  test("what is of another type or order is reported, and left alone by apply and destroy", async () => {
    const { name, all } = declared();
    await plain.send("RPUSH", name, "mine");
    await plain.send("SET", `{${name}}:meta`, "mine");
    const expected = [
      { action: "replace", resource: `stream ${name}`, detail: "it is a list, declared a stream" },
      { action: "replace", resource: `hash {${name}}:meta`, detail: "it is a string, declared a hash" },
    ];
    expect((await pubsub.plan(all)).slice(0, 2)).toMatchObject(expected);
    await pubsub.apply(all, { update: true });
    expect((await pubsub.plan(all)).slice(0, 2)).toMatchObject(expected);
    await pubsub.destroy(all);
    expect(await plain.send("LLEN", name)).toBe(1);
    expect(String(await plain.send("GET", `{${name}}:meta`))).toBe("mine");
  });

  test("a stream of somebody else is taken as it is, with its messages for groups to come", async () => {
    const { name, all } = declared();
    await plain.send("XADD", name, "*", "data", "{}");
    expect(await pubsub.apply(all)).toMatchObject(created(resources(name).slice(1)));
    expect(await plain.send("XLEN", name)).toBe(1);
  });

  test("a new group begins with what comes; one that was lost begins with what is there", async () => {
    const { name, all } = declared();
    await pubsub.apply(all);
    await plain.send("XADD", name, "*", "data", "{}");
    const read = async (group: string): Promise<unknown> =>
      plain.send("XREADGROUP", "GROUP", group, "me", "COUNT", "10", "STREAMS", name, ">");
    const [topic] = all as [ReturnType<typeof defineTopic<object>>];
    await pubsub.apply([defineSubscription(topic, "later")]);
    expect(await read("later")).toBe(null);
    await plain.send("XGROUP", "DESTROY", name, "mail");
    expect(await pubsub.apply(all)).toMatchObject(created([`group mail of stream ${name}`]));
    expect(await read("mail")).toHaveLength(1);
    // Destroyed by us it is not lost.
    await pubsub.destroy([all[1] as never]);
    await pubsub.apply(all);
    expect(await read("mail")).toBe(null);
  });

  test("several at the same time create everything once", { timeout: 60_000 }, async () => {
    const others = await Promise.all(Array.from({ length: 4 }, async () => connected()));
    for (let round = 0; round < 50; round += 1) {
      const { name, all } = declared();
      const done = await Promise.all(others.map(async (other) => other.apply(all)));
      expect(
        done
          .flat()
          .map(({ resource }) => resource)
          .toSorted(),
      ).toEqual(resources(name).toSorted());
    }
    await Promise.all(others.map(async (other) => other.close()));
  });

  test("destroy deletes every key of a topic, also those of subscriptions that are not declared here", async () => {
    const { name, all } = declared();
    const [topic] = all as [ReturnType<typeof defineTopic<object>>];
    await pubsub.apply([...(all as readonly never[]), defineSubscription(topic, "other")]);
    await plain.send("XADD", name, "*", "data", "{}");
    await plain.send("HSET", `{${name}}:mail:held`, "a", "b");
    await plain.send("XGROUP", "DESTROY", name, "other");
    expect(await pubsub.destroy(all)).toEqual([
      `group mail of stream ${name}`,
      `stream {${name}}:mail:again`,
      `stream {${name}}:mail:dead`,
      `stream {${name}}:other:again`,
      `stream {${name}}:other:dead`,
      `stream ${name}`,
      `hash {${name}}:meta`,
    ]);
    expect(await plain.send("KEYS", `*${name}*`)).toEqual([]);
    expect(await pubsub.destroy(all)).toEqual([]);
  });

  test("a prefix separates environments", async () => {
    await using test = await connected("test");
    const { name, all } = declared();
    await pubsub.apply(all);
    expect(await test.plan(all)).toMatchObject(created(resources(`test:${name}`)));
    await test.apply(all);
    await test.destroy(all);
    expect(await pubsub.plan(all)).toEqual([]);
  });
});
