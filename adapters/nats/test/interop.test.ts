import { connect, defineSubscription, defineTopic, type HandlerContext, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { jetstream } from "@nats-io/jetstream";
import { headers, type Msg, type NatsConnection } from "@nats-io/nats-core";
import { connect as connectRaw } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { plainId } from "../src/wire/read-message.ts";

const broker: Broker | undefined = await startBrokerOrSkip("nats");

describe.skipIf(broker === undefined)("beside other clients", () => {
  let nc: NatsConnection;
  let pubsub: PubSub;

  beforeAll(async () => {
    const { url } = broker as Broker;
    nc = await connectRaw({ servers: url });
    pubsub = await connect(nats({ servers: url }));
  });

  afterAll(async () => {
    await pubsub.close();
    await nc.close();
    await broker?.close();
  });

  test("what we publish is a plain message: the event as JSON, its attributes as headers", async () => {
    const topic = defineTopic<{ user: string }>("interop-out", { orderingKey: ({ user }) => user });
    const subscription = defineSubscription(topic, "raw");
    await pubsub.apply([topic, subscription]);
    const id = await pubsub.publish(
      topic,
      { user: "änne" },
      { attributes: { source: "web", traceparent: "00-1-2-01" } },
    );
    const consumer = await jetstream(nc).consumers.get("interop-out", "raw");
    const message = await consumer.next({ expires: 5000 });
    expect(message?.subject).toBe("interop-out");
    expect(message?.json()).toEqual({ user: "änne" });
    expect(Object.fromEntries([...(message?.headers ?? [])].map(([name, [value]]) => [name, value]))).toEqual({
      "Nats-Msg-Id": id,
      "anytopic-key": "änne",
      source: "web",
      traceparent: "00-1-2-01",
    });
  });

  test("what others publish is delivered: without headers, without a body, with repeated headers", async () => {
    const topic = defineTopic<Uint8Array>("interop-in", { codec: "bytes" });
    const subscription = defineSubscription(topic, "ours");
    await pubsub.apply([topic, subscription]);
    const seen: { body: string; context: HandlerContext }[] = [];
    await using worker = await pubsub.subscribe(subscription, async (event, context) => {
      seen.push({ body: Buffer.from(event).toString(), context });
    });
    const before = Date.now();
    const js = jetstream(nc);
    await js.publish("interop-in", "plain");
    await js.publish("interop-in");
    nc.publish("interop-in", "without waiting for the stream");
    const repeated = headers();
    repeated.append("tag", "a");
    repeated.append("tag", "b");
    repeated.set("Nats-Msg-Id", "theirs");
    await js.publish("interop-in", "x", { headers: repeated });
    await expect.poll(() => seen.length).toBe(4);
    expect(seen.map(({ body }) => body)).toEqual(["plain", "", "without waiting for the stream", "x"]);
    expect(seen.map(({ context }) => context.id)).toEqual(["interop-in:1", "interop-in:2", "interop-in:3", "theirs"]);
    expect(seen[3]?.context.attributes).toEqual({ tag: "a, b" });
    for (const { context } of seen) expect(context.publishTime.getTime()).toBeGreaterThan(before - 5000);
    expect(worker.health().state).toBe("receiving");
  });

  test("the native message is the client library's own", async () => {
    const topic = defineTopic<object>("interop-native");
    const subscription = defineSubscription(topic, "ours");
    await pubsub.apply([topic, subscription]);
    const seen: string[] = [];
    await using worker = await pubsub.subscribe(subscription, async (_, { native }) => {
      const { subject, reply = "" } = native as Msg;
      seen.push(`${subject} ${reply.split(".").slice(0, 6).join(".")}`);
    });
    await pubsub.publish(topic, {});
    await expect.poll(() => seen).toHaveLength(1);
    expect(seen[0]).toMatch(/^interop-native \$JS\.ACK\./);
    expect((pubsub.native as NatsConnection).isClosed()).toBe(false);
    expect(worker.health().state).toBe("receiving");
  });

  test("the short way to read a message's only header works with this version of the client", async () => {
    const topic = defineTopic<object>("interop-plain");
    const subscription = defineSubscription(topic, "ours");
    await pubsub.apply([topic, subscription]);
    const ids: [string | undefined, string | undefined][] = [];
    await using worker = await pubsub.subscribe(subscription, async (_, { id, native }) => {
      ids.push([id, plainId(native as Msg)]);
    });
    const plain = await pubsub.publish(topic, {}, { id: "100%" });
    const withAttribute = await pubsub.publish(topic, {}, { attributes: { a: "b" } });
    await jetstream(nc).publish("interop-plain", "{}", { msgID: "größe" });
    await jetstream(nc).publish("interop-plain", "{}");
    await expect.poll(() => ids.length).toBe(4);
    expect(ids).toEqual([
      [plain, plain],
      [withAttribute, undefined],
      // An id that is not printable ASCII is replaced by core.
      [expect.stringMatching(/^sha256:/), "größe"],
      ["interop-plain:4", undefined],
    ]);
    expect(worker.health().state).toBe("receiving");
  });

  test("a connection that was handed in is used and not closed", async () => {
    const topic = defineTopic<object>("interop-connection");
    const own = await connect(nats({ connection: nc }));
    expect(own.native).toBe(nc);
    await own.apply([topic]);
    await own.publish(topic, {});
    await own.close();
    expect(nc.isClosed()).toBe(false);
    await expect(own.publish(topic, {})).rejects.toMatchObject({ code: "CLOSED" });
  });
});
