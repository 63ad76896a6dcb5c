import { connect, defineSubscription, defineTopic, VirtualClock } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, onTestFinished, test } from "vitest";

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

test("where the broker keeps nothing any more, only the end can be found, and nothing is lost", async () => {
  const pubsub = await connect(memory(), { declarations: [Sub] });
  onTestFinished(() => pubsub.close());
  await pubsub.apply([defineTopic<number>("events", { retentionMs: 60_000 })], { update: true });
  await pubsub.publish(Events, 1);
  const waiting = async (): Promise<number | undefined> => (await pubsub.stats(Sub)).waiting;
  expect(await waiting()).toBe(1);
  await pubsub.seek(Sub, { to: "end" });
  expect(await waiting()).toBe(0);
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
