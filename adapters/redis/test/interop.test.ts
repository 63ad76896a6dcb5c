import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type HandlerContext, type PubSub } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf } from "./redis-servers.ts";

const broker: Broker | undefined = await startBrokerOrSkip("redis");

describe.skipIf(broker === undefined)("beside other clients", () => {
  let plain: PlainClient;
  let pubsub: PubSub;

  beforeAll(async () => {
    plain = await plainClient((broker as Broker).url);
    pubsub = await connect(redis({ servers: addressOf(broker as Broker) }));
  });

  afterAll(async () => {
    await pubsub.close();
    await plain.close();
    await broker?.close();
  });

  test("what we publish is a plain entry: the event as JSON, its attributes as fields", async () => {
    const topic = defineTopic<{ user: string }>("interop-out", { orderingKey: ({ user }) => user });
    await pubsub.apply([topic]);
    await plain.send("XGROUP", "CREATE", "interop-out", "theirs", "$");
    const attributes = { source: "web", data: "an attribute of that name" };
    const id = await pubsub.publish(topic, { user: "änne" }, { attributes });
    const reply = await plain.send("XREADGROUP", "GROUP", "theirs", "me", "COUNT", "1", "STREAMS", "interop-out", ">");
    const [[, [[, fields]]]] = reply as [[Buffer, [[Buffer, Buffer[]]]]];
    const texts = fields.map(String);
    const entry = Object.fromEntries(texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1]]] : [])));
    expect(entry).toEqual({
      data: '{"user":"änne"}',
      "anytopic-id": id,
      "anytopic-key": "änne",
      source: "web",
      "anytopic-attribute:data": "an attribute of that name",
    });
  });

  test("what others publish is delivered: with attributes, without a body, with a field twice", async () => {
    const topic = defineTopic<Uint8Array>("interop-in", { codec: "bytes" });
    const subscription = defineSubscription(topic, "ours");
    await pubsub.apply([topic, subscription]);
    const seen: { body: string; context: HandlerContext }[] = [];
    await using worker = await pubsub.subscribe(subscription, async (event, context) => {
      seen.push({ body: Buffer.from(event).toString(), context });
    });
    const places: string[] = [];
    for (const fields of [
      ["data", "plain"],
      ["no", "body"],
      ["tag", "a", "data", "x", "tag", "b"],
      ["data", "theirs", "anytopic-id", "chosen"],
    ])
      places.push(String(await plain.send("XADD", "interop-in", "*", ...fields)));
    await expect.poll(() => seen.length).toBe(4);
    expect(seen.map(({ body }) => body)).toEqual(["plain", "", "x", "theirs"]);
    expect(seen.map(({ context }) => context.id)).toEqual([
      ...places.slice(0, 3).map((place) => `interop-in:${place}`),
      "chosen",
    ]);
    expect(seen.map(({ context }) => context.publishTime.getTime())).toEqual(
      places.map((place) => Number.parseInt(place, 10)),
    );
    expect(seen[1]?.context.attributes).toEqual({ no: "body" });
    expect(seen[2]?.context.attributes).toEqual({ tag: "a, b" });
    expect(worker.health().state).toBe("receiving");
  });

  test("a group of somebody else keeps what it has not read, however much ours has acknowledged", async () => {
    const topic = defineTopic<number>("interop-beside");
    const subscription = defineSubscription(topic, "ours");
    await pubsub.apply([topic, subscription]);
    await plain.send("XGROUP", "CREATE", "interop-beside", "theirs", "$");
    const handled: number[] = [];
    await using worker = await pubsub.subscribe(subscription, async (event) => void handled.push(event));
    for (let event = 0; event < 20; event += 1) await pubsub.publish(topic, event);
    await expect.poll(() => handled.length).toBe(20);
    expect(worker.health().state).toBe("receiving");
    await expect
      .poll(async () => ((await plain.send("XPENDING", "interop-beside", "ours")) as readonly unknown[])[0])
      .toBe(0);
    const reply = await plain.send(
      "XREADGROUP",
      "GROUP",
      "theirs",
      "me",
      "COUNT",
      "100",
      "STREAMS",
      "interop-beside",
      ">",
    );
    expect((reply as [[Buffer, unknown[]]])[0][1]).toHaveLength(20);
  });
});
