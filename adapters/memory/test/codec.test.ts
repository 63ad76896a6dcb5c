import { describe, expect, it } from "vitest";
import { message, openDriver, ProbeSink, publish, subscriptionSpec, topicSpec, withTopology } from "./probe.ts";

const topic = topicSpec();
const subscription = subscriptionSpec(topic);

describe("messages", () => {
  it.each([
    ["an empty body", { body: new Uint8Array() }],
    ["every byte", { body: Uint8Array.from({ length: 256 }, (_, byte) => byte) }],
    ["a view into a larger buffer", { body: Uint8Array.of(9, 1, 2, 3, 9).subarray(1, 4) }],
    ["a body beyond the pool of small ones", { body: new Uint8Array(100_000).fill(7) }],
    ["attributes of any text", { attributes: { " ": "", "%41": "a b\r\n\0", "ключ😀": "\u{10FFFF}" } }],
    ["an ordering key of any text", { orderingKey: "a/б c\n😀" }],
  ])("%s come back as they went", async (_, rest) => {
    const { driver } = await withTopology([subscription]);
    await publish(driver, topic, [message("a", rest)]);
    const sink = new ProbeSink();
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    const [delivery] = sink.deliveries;
    const sent = message("a", rest);
    expect(Buffer.from(delivery?.body ?? []).equals(sent.body)).toBe(true);
    expect(Object.entries(delivery?.attributes ?? {})).toEqual(Object.entries(sent.attributes));
    expect(delivery).toMatchObject({ orderingKey: sent.orderingKey, publishTimeMs: sent.publishTimeMs });
  });

  it("are as large as body, id, key and attributes in UTF-8 together", async () => {
    const { driver } = await openDriver();
    await driver.apply({ topics: [topic], subscriptions: [] }, { update: false });
    const publisher = await driver.openPublisher(topic);
    const body = new Uint8Array(10);
    expect(publisher.sizeOf(message("abc", { body }))).toBe(13);
    expect(publisher.sizeOf(message("abc", { body, orderingKey: "ключ", attributes: { "😀": "é" } }))).toBe(13 + 8 + 6);
  });

  it("are kept once for all subscriptions", async () => {
    const other = subscriptionSpec(topic, { name: "other" });
    const { driver } = await withTopology([subscription, other]);
    await publish(driver, topic, [message("a")]);
    const sinks = [new ProbeSink(), new ProbeSink()];
    await driver.openSubscriber(subscription, sinks[0]!, { maxOutstanding: 1 });
    await driver.openSubscriber(other, sinks[1]!, { maxOutstanding: 1 });
    expect(sinks[0]?.deliveries[0]?.native).toBe(sinks[1]?.deliveries[0]?.native);
  });
});
