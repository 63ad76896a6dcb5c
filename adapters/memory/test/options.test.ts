import { describe, expect, it } from "vitest";
import { VirtualClock } from "@anytopic/core";
import { adapterModule, destroyMemoryBroker, memory, memoryCapabilities, type MemoryBroker } from "@anytopic/memory";
import { message, openDriver, ProbeSink, publish, subscriptionSpec, topicSpec } from "./probe.ts";

const topic = topicSpec();
const subscription = subscriptionSpec(topic);

describe("named brokers", () => {
  it("are shared by name, outlive their connections, and end when destroyed", async () => {
    const clock = new VirtualClock();
    const name = "shared-by-name";
    const first = await openDriver({ name }, clock);
    await first.driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
    await publish(first.driver, topic, [message("a")]);
    await first.driver.close(1000);
    const second = await openDriver({ name }, clock);
    const sink = new ProbeSink();
    await second.driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    expect(sink.ids).toEqual(["a"]);
    await expect((await openDriver({ name: "another" }, clock)).driver.openPublisher(topic)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(destroyMemoryBroker(name)).toBe(true);
    expect(destroyMemoryBroker(name)).toBe(false);
    const third = await openDriver({ name }, clock);
    await expect(third.driver.openPublisher(topic)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("do not mix limits or clocks", async () => {
    const clock = new VirtualClock();
    await openDriver({ name: "strict", maxMessages: 5 }, clock);
    await expect(openDriver({ name: "strict", maxMessages: 6 }, clock)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("maxMessages = 5, not 6"),
    });
    await expect(openDriver({ name: "strict", maxMessages: 5 }, new VirtualClock())).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("another clock"),
    });
  });

  it("a broker without a name is private", async () => {
    const [one, two] = [await openDriver(), await openDriver()];
    await one.driver.apply({ topics: [topic], subscriptions: [] }, { update: false });
    await expect(two.driver.openPublisher(topic)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("options", () => {
  it.each([
    [{ maxMessages: 0 }, "memory: maxMessages is 0: must be a whole number from 1 to 100000000 messages"],
    [{ maxBytes: 1 }, "memory: maxBytes is 1: must be a whole number from 10485760 to 1099511627776 bytes"],
    [{ name: "a b" }, 'memory: name is \'a b\': must be 1 to 64 letters, digits, ".", "_" or "-"'],
    [{ colour: "red" }, 'memory has no option "colour": known are name, maxMessages, maxBytes, maxDeduplicationIds'],
  ])("%j is refused", (options: object, expected) => {
    expect(() => memory(options)).toThrow(new TypeError(expected));
  });

  it.each([
    ["memory:", {}],
    ["memory:orders", {}],
    ["memory://orders", {}],
    ["memory:orders?maxMessages=100000&maxBytes=20000000", {}],
    ["memory:orders", { maxMessages: 5 }],
  ])("%s %j is accepted", (url, options) => {
    expect(adapterModule.fromUrl(url, options)).toMatchObject({ name: "memory", capabilities: memoryCapabilities });
  });

  it.each([
    ["memory:orders?maxMessage=1", "known are maxMessages, maxBytes, maxDeduplicationIds"],
    ["memory:orders?name=x", "known are maxMessages, maxBytes, maxDeduplicationIds"],
    ["memory:orders?maxMessages=many", "must be a whole number"],
    ["memory:orders?maxMessages=", "must be a whole number"],
    ["memory:orders?maxMessages=1&maxMessages=2", "twice"],
    ["memory:orders#x", "a memory URL is memory:"],
    ["memory://user:hunter2@orders", "the name in a memory URL"],
    ["nats:orders", "a memory URL is memory:"],
  ])("%s is refused", (url, expected) => {
    const attempt = () => adapterModule.fromUrl(url);
    expect(attempt).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
    expect(attempt).toThrow(expected);
    expect(attempt).not.toThrow("hunter2");
  });

  it("adapterOptions may repeat what the URL says, and must not contradict it", () => {
    const url = "memory:orders?maxMessages=5";
    expect(adapterModule.fromUrl(url, { name: "orders", maxMessages: 5, maxBytes: undefined })).toHaveProperty("open");
    expect(() => adapterModule.fromUrl(url, { name: "other", maxMessages: 6, maxBytes: 2 ** 30 })).toThrow(
      'memory: the URL and the options disagree on "name", "maxMessages": say it in one of them, or the same in both',
    );
  });

  it("adapterOptions are checked as well", () => {
    expect(() => adapterModule.fromUrl("memory:", { maxMesages: 1 })).toThrow('no option "maxMesages"');
    expect(() => adapterModule.fromUrl("memory:", 5)).toThrow("must be an object");
  });
});

describe("the adapter", () => {
  it("has capabilities that are frozen plain data", () => {
    expect(structuredClone(memoryCapabilities)).toEqual(memoryCapabilities);
    expect(JSON.parse(JSON.stringify(memoryCapabilities))).toEqual(memoryCapabilities);
    expect(Object.isFrozen(memoryCapabilities) && Object.isFrozen(memoryCapabilities.nackDelay)).toBe(true);
  });

  it("shows what the broker holds", async () => {
    const { driver } = await openDriver();
    await driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
    await driver.openSubscriber(subscription, new ProbeSink(), { maxOutstanding: 1 });
    await publish(driver, topic, [message("a"), message("b")]);
    await (await driver.openDeadLetters(subscription)).store(message("c"));
    const broker = driver.native as MemoryBroker;
    expect(broker.topicStatistics()).toMatchObject([{ topic: "orders", messages: 2 }]);
    expect(broker.subscriptionStatistics()).toEqual([
      { topic: "orders", subscription: "worker", workers: 1, unsettled: 2, outstanding: 1, deadLetters: 1 },
    ]);
  });

  it("does not open when the signal has aborted", async () => {
    const reason = new Error("enough");
    const opening = memory().open(
      { clock: new VirtualClock(), random: () => 0, logger: console, status: () => {} },
      AbortSignal.abort(reason),
    );
    await expect(opening).rejects.toBe(reason);
  });
});
