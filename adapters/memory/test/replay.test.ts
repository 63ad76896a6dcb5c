import { connect, defineSubscription, defineTopic, type PubSub, VirtualClock } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, onTestFinished, test } from "vitest";
import { message, ProbeSink, publish, subscriptionSpec, topicSpec, withTopology } from "./probe.ts";

const Events = defineTopic<number>("events", { replay: true, retentionMs: 60_000 });
const Sub = defineSubscription(Events, "sub");

test("what is kept for replay makes room for what is published, the oldest first", async () => {
  const pubsub = await connect(memory({ maxMessages: 10 }));
  onTestFinished(() => pubsub.close());
  const seen: number[] = [];
  await pubsub.subscribe(Sub, (event) => void seen.push(event));
  for (let event = 0; event < 30; event += 1) await pubsub.publish(Events, event);
  await expect.poll(() => seen.length).toBe(30);
  await pubsub.seek(Sub, { to: "beginning" });
  await expect.poll(() => seen.slice(30)).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
});

test("what no subscription has handled is not dropped for it: the topic is full", async () => {
  const pubsub = await connect(memory({ maxMessages: 3 }), { declarations: [Sub] });
  onTestFinished(() => pubsub.close());
  for (let event = 0; event < 3; event += 1) await pubsub.publish(Events, event);
  await expect(pubsub.publish(Events, 3)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
});

test("messages are kept as long as the topic says, and without replay not at all", async () => {
  const clock = new VirtualClock();
  const pubsub = await connect(memory(), { clock, declarations: [Sub] });
  onTestFinished(() => pubsub.close());
  const kept = (): unknown => pubsub.native.topicStatistics().map(({ messages }) => messages);
  const seen: number[] = [];
  await pubsub.subscribe(Sub, (event) => void seen.push(event));
  await pubsub.publish(Events, 1);
  await clock.advance(40_000);
  await pubsub.publish(Events, 2);
  expect(kept()).toEqual([2]);
  await clock.advance(30_000);
  await pubsub.seek(Sub, { to: "beginning" });
  await clock.advance(0);
  expect(seen).toEqual([1, 2, 2]);
  expect(kept()).toEqual([1]);

  await pubsub.apply([defineTopic<number>("events", { retentionMs: 60_000 })], { update: true });
  expect(kept()).toEqual([0]);
});

const waiting = async (pubsub: PubSub): Promise<number | undefined> => (await pubsub.stats(Sub)).waiting;

test("where the broker keeps nothing for replay any more, what waits comes again, and only the end drops it", async () => {
  const pubsub = await connect(memory(), { declarations: [Sub] });
  onTestFinished(() => pubsub.close());
  await pubsub.apply([defineTopic<number>("events", { retentionMs: 60_000 })], { update: true });
  await pubsub.publish(Events, 1);
  await pubsub.seek(Sub, { to: "beginning" });
  expect(await waiting(pubsub)).toBe(1);
  await pubsub.seek(Sub, { to: "end" });
  expect(await waiting(pubsub)).toBe(0);
  expect(pubsub.native.topicStatistics()).toMatchObject([{ messages: 0 }]);
});

test("what nobody has handled comes again, also when the log has made room in vain", async () => {
  const pubsub = await connect(memory({ maxMessages: 3 }), { declarations: [Sub] });
  onTestFinished(() => pubsub.close());
  for (let event = 0; event < 3; event += 1) await pubsub.publish(Events, event);
  await expect(pubsub.publish(Events, 3)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  await pubsub.seek(Sub, { to: "beginning" });
  const seen: number[] = [];
  await pubsub.subscribe(Sub, (event) => void seen.push(event));
  await expect.poll(() => seen).toEqual([0, 1, 2]);
  await expect.poll(() => waiting(pubsub)).toBe(0);
  // It was counted once.
  for (let event = 3; event < 6; event += 1) await pubsub.publish(Events, event);
});

test("what is older than the log comes again, each key in order, whether it is with a worker, is delayed or waits", async () => {
  interface Step {
    readonly key: string;
    readonly step: number;
  }
  const plain = defineTopic<Step>("steps", { orderingKey: ({ key }) => key });
  const topic = defineTopic<Step>("steps", { orderingKey: ({ key }) => key, replay: true });
  const sub = defineSubscription(topic, "sub", { retryPolicy: { minBackoffMs: 60_000, jitter: 0 } });
  const pubsub = await connect(memory(), { declarations: [defineSubscription(plain, "sub")] });
  onTestFinished(() => pubsub.close({ timeoutMs: 0 }));
  const publish = async (step: number): Promise<void> => {
    for (const key of ["held", "failed"]) await pubsub.publish(plain, { key, step });
  };
  for (const step of [1, 2]) await publish(step);
  await pubsub.apply([topic], { update: true });
  await publish(3);
  const seen: string[] = [];
  await pubsub.subscribe(sub, ({ key, step }) => {
    seen.push(`${key} ${step}`);
    if (seen.length > 2) return undefined;
    if (key === "failed") throw new Error("once");
    return new Promise<void>(() => {});
  });
  await expect.poll(() => pubsub.stats(sub)).toMatchObject({ inFlight: 1, delayed: 1 });
  await pubsub.seek(sub, { to: "beginning" });
  await expect.poll(() => seen.length).toBe(8);
  const again = seen.slice(2);
  expect(again.filter((text) => text.startsWith("held"))).toEqual(["held 1", "held 2", "held 3"]);
  expect(again.filter((text) => text.startsWith("failed"))).toEqual(["failed 1", "failed 2", "failed 3"]);
});

test("an ordering key that was closed at the time of a seek is open after it", async () => {
  const topic = defineTopic<number>("keyed", { replay: true, orderingKey: () => "k" });
  const sub = defineSubscription(topic, "sub");
  const pubsub = await connect(memory());
  onTestFinished(() => pubsub.close({ timeoutMs: 0 }));
  const seen: number[] = [];
  await pubsub.subscribe(sub, (event) => {
    seen.push(event);
    return seen.length === 1 ? new Promise<void>(() => {}) : undefined;
  });
  for (const event of [1, 2, 3]) await pubsub.publish(topic, event);
  await pubsub.seek(sub, { to: "beginning" });
  await expect.poll(() => seen).toEqual([1, 1, 2, 3]);
});

test("a redriven message that waits does not come beside its original", async () => {
  const topic = topicSpec({ replay: true });
  const subscription = subscriptionSpec(topic);
  const { driver } = await withTopology([subscription]);
  await publish(driver, topic, [message("a")]);
  await (await driver.openDeadLetters(subscription)).redeliver(message("a"));
  await driver.seek!(subscription, "beginning");
  const sink = new ProbeSink();
  await driver.openSubscriber(subscription, sink, { maxOutstanding: 9 });
  expect(sink.ids).toEqual(["a"]);
});
