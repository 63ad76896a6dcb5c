import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { describe, expect, it } from "vitest";
import {
  ack,
  message,
  openDriver,
  ProbeSink,
  publish,
  retry,
  subscriptionSpec,
  topicSpec,
  withTopology,
} from "./probe.ts";

const topic = topicSpec();
const subscription = subscriptionSpec(topic);
const WINDOW_MS = 600_000;

describe("publishing", () => {
  it("hands over what was published", async () => {
    const { driver } = await withTopology([subscription]);
    await publish(driver, topic, [message("a", { body: Uint8Array.of(1, 2, 3), orderingKey: "k" })]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    const [delivery] = sink.deliveries;
    expect([...(delivery?.body ?? [])]).toEqual([1, 2, 3]);
    expect(delivery).toMatchObject({ id: "a", orderingKey: "k", publishTimeMs: 1_700_000_000_000, attempt: 1 });
  });

  it("what the caller does with its bytes and attributes afterwards reaches nobody", async () => {
    const pubsub = await connect("memory:");
    const bytes = defineTopic<Uint8Array>("bytes", { codec: "bytes" });
    const reader = defineSubscription(bytes, "reader");
    await pubsub.apply([reader]);
    const body = Uint8Array.of(1, 2, 3);
    const attributes = { colour: "red" };
    await pubsub.publish(bytes, body, { attributes });
    body.fill(9);
    attributes.colour = "blue";
    for await (const delivery of pubsub.deliveries(reader)) {
      expect([...delivery.event]).toEqual([1, 2, 3]);
      expect({ ...delivery.attributes }).toEqual({ colour: "red" });
      expect(Object.getPrototypeOf(delivery.attributes)).toBeNull();
      expect(Object.isFrozen(delivery.attributes)).toBe(true);
      break;
    }
    await pubsub.close();
  });

  it("carries the attribute __proto__ and empty text", async () => {
    const { driver } = await withTopology([subscription]);
    const attributes = Object.create(null) as Record<string, string>;
    attributes["__proto__"] = "x";
    attributes[""] = "";
    await publish(driver, topic, [message("a", { attributes })]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    const [delivery] = sink.deliveries;
    expect(Object.entries(delivery?.attributes ?? {})).toEqual([
      ["__proto__", "x"],
      ["", ""],
    ]);
  });

  it("a message that waits for a retry does not keep the memory of its neighbours", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const sink = new ProbeSink((delivery) => void (delivery.attempt === 1 ? retry(delivery, 1_000) : ack(delivery)));
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    await publish(driver, topic, [message("a", { body: Uint8Array.of(1, 2, 3) })]);
    await clock.advance(1_000);
    const body = sink.deliveries[1]?.body ?? new Uint8Array();
    expect([[...body], body.buffer.byteLength]).toEqual([[1, 2, 3], 3]);
  });

  it("skips a request that nobody waits for any more", async () => {
    const { driver } = await withTopology([subscription]);
    const publisher = await driver.openPublisher(topic);
    publisher.publish([{ ...message("a"), awaited: false, accept: () => {}, reject: () => {} }]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    expect(sink.ids).toEqual([]);
  });

  it("to a topic that does not exist is refused, also when it was deleted later, until it is there again", async () => {
    const { driver } = await openDriver();
    await expect(driver.openPublisher(topic)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await driver.apply({ topics: [topic], subscriptions: [] }, { update: false });
    const publisher = await driver.openPublisher(topic);
    await driver.destroy({ topics: [topic], subscriptions: [] });
    const results: unknown[] = [];
    const send = (id: string): void =>
      publisher.publish([
        { ...message(id), awaited: true, accept: () => results.push("accepted"), reject: (e) => results.push(e.code) },
      ]);
    send("a");
    await driver.apply({ topics: [topic], subscriptions: [] }, { update: false });
    send("b");
    expect(results).toEqual(["NOT_FOUND", "accepted"]);
  });
});

describe("deduplication", () => {
  const once = subscriptionSpec(topicSpec({ exactlyOnce: true }));

  it("drops a second message of the same id and topic within the window, and says that it was accepted", async () => {
    const { driver, clock } = await withTopology([once]);
    const sink = new ProbeSink((delivery) => void ack(delivery));
    await driver.openSubscriber(once, sink, { maxOutstanding: 1 });
    const twice = [message("a"), message("b"), message("a")];
    expect(await publish(driver, once.topic, twice)).toEqual([undefined, undefined, undefined]);
    expect(sink.ids).toEqual(["a", "b"]);
    await clock.advance(WINDOW_MS - 1);
    await publish(driver, once.topic, [message("a")]);
    expect(sink.ids).toEqual(["a", "b"]);
    await clock.advance(1);
    await publish(driver, once.topic, [message("a")]);
    expect(sink.ids).toEqual(["a", "b", "a"]);
    await clock.advance(WINDOW_MS / 2);
    await publish(driver, once.topic, [message("a")]);
    expect(sink.ids).toEqual(["a", "b", "a"]);
  });

  it("lasts exactly as long for every id, whenever it came", async () => {
    const { driver, clock } = await withTopology([once]);
    const sink = new ProbeSink((delivery) => void ack(delivery));
    await driver.openSubscriber(once, sink, { maxOutstanding: 1 });
    await publish(driver, once.topic, [message("early")]);
    await clock.advance(0.9 * WINDOW_MS);
    await publish(driver, once.topic, [message("late")]);
    await clock.advance(0.2 * WINDOW_MS);
    await publish(driver, once.topic, [message("early"), message("late")]);
    expect(sink.ids).toEqual(["early", "late", "early"]);
    await clock.advance(0.85 * WINDOW_MS);
    await publish(driver, once.topic, [message("early"), message("late")]);
    expect(sink.ids).toEqual(["early", "late", "early", "late"]);
  });

  it("is per topic, and for exactly-once topics only", async () => {
    const other = subscriptionSpec(topicSpec({ name: "other", exactlyOnce: true }));
    const plain = subscriptionSpec(topicSpec({ name: "plain" }));
    const { driver } = await withTopology([once, other, plain]);
    const sink = new ProbeSink((delivery) => void ack(delivery));
    for (const spec of [once, other, plain]) await driver.openSubscriber(spec, sink, { maxOutstanding: 1 });
    for (const { topic } of [once, other, plain, plain]) await publish(driver, topic, [message("a")]);
    expect(sink.ids).toEqual(["a", "a", "a", "a"]);
  });

  it("forgets nothing before its time: when there is no room for the id, the message is refused", async () => {
    const { driver, clock } = await withTopology([once], { maxDeduplicationIds: 4 });
    const five = ["a", "b", "c", "d", "e"].map((id) => message(id));
    const results = await publish(driver, once.topic, five);
    expect(results.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(results[4]).toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true });
    expect(results[4]?.message).toContain("maxDeduplicationIds = 4");
    await clock.advance(WINDOW_MS);
    expect(await publish(driver, once.topic, five.slice(4))).toEqual([undefined]);
    await clock.advance(3 * WINDOW_MS);
    const four = ["f", "g", "h", "i"].map((id) => message(id));
    expect(await publish(driver, once.topic, four)).toEqual(four.map(() => undefined));
  });

  it("confirms settles with a promise", async () => {
    const { driver } = await withTopology([once]);
    const sink = new ProbeSink();
    await driver.openSubscriber(once, sink, { maxOutstanding: 1 });
    await publish(driver, once.topic, [message("a")]);
    await expect(ack(sink.deliveries[0])).resolves.toBeUndefined();
  });
});

describe("a full topic", () => {
  it("refuses what goes beyond maxMessages, keeps everything it accepted, and takes more after settles", async () => {
    const { driver } = await withTopology([subscription], { maxMessages: 3 });
    const results = await publish(
      driver,
      topic,
      ["a", "b", "c", "d"].map((id) => message(id)),
    );
    expect(results[3]).toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true });
    expect(results[3]?.message).toContain("maxMessages = 3");
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 9 });
    expect(sink.ids).toEqual(["a", "b", "c"]);
    void ack(sink.deliveries[1]);
    // The refused id was not remembered: its second publish is no duplicate.
    expect(await publish(driver, topic, [message("d")])).toEqual([undefined]);
    expect(sink.ids).toEqual(["a", "b", "c", "d"]);
  });

  it("refuses what goes beyond maxBytes", async () => {
    const { driver } = await withTopology([subscription], { maxBytes: 10 * 1024 * 1024 });
    const body = new Uint8Array(6 * 1024 * 1024);
    const results = await publish(driver, topic, [message("a", { body }), message("b", { body }), message("c")]);
    expect(results.map((error) => error?.code)).toEqual([undefined, "RESOURCE_EXHAUSTED", undefined]);
  });

  it("counts a message once, until the last subscription has settled it", async () => {
    const other = subscriptionSpec(topic, { name: "other" });
    const { driver } = await withTopology([subscription, other], { maxMessages: 1 });
    const sinks = [new ProbeSink(), new ProbeSink()];
    await driver.openSubscriber(subscription, sinks[0]!, { maxOutstanding: 1 });
    await driver.openSubscriber(other, sinks[1]!, { maxOutstanding: 1 });
    expect(await publish(driver, topic, [message("a")])).toEqual([undefined]);
    void ack(sinks[0]?.deliveries[0]);
    expect((await publish(driver, topic, [message("b")]))[0]?.code).toBe("RESOURCE_EXHAUSTED");
    void ack(sinks[1]?.deliveries[0]);
    expect(await publish(driver, topic, [message("c")])).toEqual([undefined]);
  });

  it("is never full when nobody subscribes", async () => {
    const { driver } = await openDriver({ maxMessages: 1 });
    await driver.apply({ topics: [topic], subscriptions: [] }, { update: false });
    expect(await publish(driver, topic, [message("a"), message("b")])).toEqual([undefined, undefined]);
  });
});

describe("retention", () => {
  const short = topicSpec({ retentionMs: 60_000 });
  const worker = subscriptionSpec(short);

  it("drops what nobody took in time, and frees its room", async () => {
    const { driver, clock } = await withTopology([worker], { maxMessages: 2 });
    await publish(driver, short, [message("a")]);
    await clock.advance(30_000);
    await publish(driver, short, [message("b")]);
    await clock.advance(30_000);
    expect(await publish(driver, short, [message("c")])).toEqual([undefined]);
    const sink = new ProbeSink();
    await driver.openSubscriber(worker, sink, { maxOutstanding: 9 });
    expect(sink.ids).toEqual(["b", "c"]);
  });

  it("drops a retry that comes too late", async () => {
    const { driver, clock } = await withTopology([worker]);
    const sink = new ProbeSink((delivery) => void retry(delivery, 40_000));
    await driver.openSubscriber(worker, sink, { maxOutstanding: 9 });
    await publish(driver, short, [message("a")]);
    await clock.advance(1_000_000);
    expect(sink.deliveries.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});
