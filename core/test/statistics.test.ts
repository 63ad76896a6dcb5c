import { connect, defineSubscription, defineTopic, VirtualClock } from "@anytopic/core";
import { expect, onTestFinished, test } from "vitest";
import { opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";
import { twoBrokers } from "./two-brokers.ts";

const Signups = defineTopic<number>("signups");
const Mail = defineSubscription(Signups, "mail");

const KNOWN = { waiting: 3, inFlight: 2, delayed: 1, oldestAgeMs: 500, deadLetters: 4 };

test("numbers of several connections are added, and the age is the oldest", async () => {
  const topics = { signups: { mirror: "b", subscriptions: { mail: { connections: ["a", "b"] } } } };
  const pubsub = await connect({ config: { ...twoBrokers(), topics }, declarations: [Signups, Mail] });
  onTestFinished(() => pubsub.close());
  await pubsub.publish(Signups, 1);
  await pubsub.publish(Signups, 2);
  const { oldestAgeMs, ...counts } = await pubsub.stats(Mail);
  expect(counts).toEqual({ waiting: 4, inFlight: 0, delayed: 0, deadLetters: 0 });
  expect(oldestAgeMs).toBeGreaterThan(0);
});

test("what one of several connections does not know, nobody knows", async () => {
  const { a, b } = { a: new ScriptedAdapter(), b: new ScriptedAdapter() };
  a.stats = async () => KNOWN;
  b.stats = async () => ({ ...KNOWN, delayed: undefined, oldestAgeMs: 700 });
  const byHost = { a, b };
  const adapters = [{ schemes: ["s"], fromUrl: (url: string) => byHost[new URL(url).host as "a"] }];
  const connections = { a: { url: "s://a" }, b: { url: "s://b" } };
  const topics = { signups: { subscriptions: { mail: { connections: ["a", "b"] } } } };
  const pubsub = await connect({ config: { default: "a", connections, topics }, adapters });
  onTestFinished(() => pubsub.close());
  expect(await pubsub.stats(Mail)).toEqual({
    waiting: 6,
    inFlight: 4,
    delayed: undefined,
    oldestAgeMs: 700,
    deadLetters: 8,
  });
});

test("a broker that tells nothing gives undefined, and never 0", async () => {
  const pubsub = await connect(new ScriptedAdapter());
  const read = await pubsub.stats(Mail);
  expect(Object.entries(read)).toEqual(Object.keys(KNOWN).map((field) => [field, undefined]));
  expect(Object.isFrozen(read)).toBe(true);
});

test("a broker that does not answer is not waited for longer than 5 s", async () => {
  const adapter = new ScriptedAdapter();
  adapter.stats = () => new Promise(() => {});
  const clock = new VirtualClock();
  const pubsub = await connect(adapter, { clock });
  const late = pubsub.stats(Mail);
  let ended = false;
  late.catch(() => (ended = true));
  await turn();
  await clock.advance(4999);
  expect(ended).toBe(false);
  await clock.advance(1);
  await expect(late).rejects.toMatchObject({
    code: "TIMEOUT",
    message: expect.stringContaining("signups/mail") as string,
  });

  const reason = new Error("not needed any more");
  const aborted = pubsub.stats(Mail, { signal: AbortSignal.abort(reason) });
  await expect(aborted).rejects.toBe(reason);
  const closed = pubsub.stats(Mail);
  await Promise.all([expect(closed).rejects.toMatchObject({ code: "CLOSED" }), pubsub.close()]);
  await expect(pubsub.stats(Mail)).rejects.toMatchObject({ code: "CLOSED" });
});

test("mistakes of the caller are TypeErrors", async () => {
  const pubsub = await connect("memory:");
  onTestFinished(() => pubsub.close());
  await expect(pubsub.stats(Signups as never)).rejects.toThrow(TypeError);
  await expect(pubsub.stats(Mail, { timeoutMs: 1 } as never)).rejects.toThrow(/stats has no option "timeoutMs"/);
  await expect(pubsub.stats(Mail)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("health says how many handlers may run, and how long ago there was progress", async () => {
  const finish: (() => void)[] = [];
  const { adapter, clock, pubsub } = await opened(Sub, () => new Promise<void>((resolve) => finish.push(resolve)));
  const health = () => pubsub.health().subscriptions[0];
  await clock.advance(700);
  expect(health()).toMatchObject({ capacity: 2, running: 0, progressAgeMs: 700, stuck: undefined });
  adapter.deliver({ id: "a" });
  expect(health()).toMatchObject({ running: 1, progressAgeMs: 0 });
  await clock.advance(300);
  expect(health()?.progressAgeMs).toBe(300);
  adapter.sink.receiving(true);
  expect(health()?.progressAgeMs).toBe(0);
  finish[0]?.();
});

test("a worker is stuck when as many handlers as may run have not returned long after their time", async () => {
  const finish: (() => void)[] = [];
  // `maxHandlingMs` is 10 s, and two may run.
  const { adapter, clock, pubsub } = await opened(Sub, () => new Promise<void>((resolve) => finish.push(resolve)));
  const stuck = () => pubsub.health().subscriptions[0]?.stuck;
  adapter.deliver({ id: "a" });
  await clock.advance(5000);
  adapter.deliver({ id: "b" });
  await clock.advance(11_000);
  expect(pubsub.health().subscriptions[0]).toMatchObject({ abandoned: 2, running: 0 });
  expect(stuck()).toBeUndefined();
  await clock.advance(10_000);
  expect(stuck()).toBe("handlers");
  finish[0]?.();
  await turn();
  expect(pubsub.health().subscriptions[0]).toMatchObject({ abandoned: 1, stuck: undefined });
});

test("a worker is stuck when its driver's loop has stopped, but not while the broker is away", async () => {
  const { adapter, pubsub } = await opened(Sub, () => {});
  const stuck = () => pubsub.health().subscriptions[0]?.stuck;
  adapter.overdueMs = 60_000;
  expect(stuck()).toBeUndefined();
  adapter.overdueMs = 60_001;
  expect(stuck()).toBe("receiving");
  const { PubSubError } = await import("@anytopic/core");
  adapter.sink.failing(new PubSubError("UNAVAILABLE", "the broker is away"));
  expect(stuck()).toBeUndefined();
  adapter.sink.receiving(true);
  expect(stuck()).toBe("receiving");
});
