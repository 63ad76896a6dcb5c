import {
  connect,
  defineSubscription,
  defineTopic,
  MemoryInbox,
  type PubSub,
  type SeekOptions,
  VirtualClock,
} from "@anytopic/core";
import { expect, onTestFinished, test } from "vitest";
import { opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Signups = defineTopic<number>("signups", { replay: true });
const Mail = defineSubscription(Signups, "mail");

async function connected(adapter: ScriptedAdapter, clock = new VirtualClock()): Promise<PubSub> {
  const pubsub = await connect(adapter, { clock });
  onTestFinished(() => pubsub.close());
  return pubsub;
}

test("positions reach the driver as data, read at the time of the call", async () => {
  const adapter = new ScriptedAdapter({ replay: "time" });
  const pubsub = await connected(adapter);
  const to = new Date(0);
  const seeking = pubsub.seek(Mail, { to });
  to.setTime(5);
  await seeking;
  await pubsub.seek(Mail, { to: "beginning" });
  await pubsub.seek(Mail, { to: "end" });
  expect(adapter.positions).toEqual([0, "beginning", "end"]);
});

test.for<readonly [options: unknown, says: string]>([
  [{}, "to is undefined"],
  [{ to: "start" }, "to is 'start'"],
  [{ to: 5 }, "to is 5"],
  [{ to: new Date(Number.NaN) }, "an invalid Date"],
  [{ to: new Date(-1) }, "before 1970"],
  [{ to: "end", at: 1 }, 'seek has no option "at"'],
  [undefined, "options is undefined"],
])("%o is a mistake of the caller", async ([options, says]) => {
  const adapter = new ScriptedAdapter({ replay: "time" });
  const pubsub = await connected(adapter);
  const seeking = pubsub.seek(Mail, options as SeekOptions);
  await expect(seeking).rejects.toThrow(TypeError);
  await expect(seeking).rejects.toThrow(says);
  expect(adapter.positions).toEqual([]);
});

test("a time in the future would pass over what is published until then", async () => {
  const clock = new VirtualClock();
  const pubsub = await connected(new ScriptedAdapter({ replay: "time" }), clock);
  const future = pubsub.seek(Mail, { to: new Date(clock.now() + 1) });
  await expect(future).rejects.toThrow(
    'in the future: messages that are published before then would be passed over; use "end"',
  );
  await pubsub.seek(Mail, { to: new Date(clock.now()) });
});

test("without the capability, the topic and the seek are refused", async () => {
  const adapter = new ScriptedAdapter({ replay: "none" });
  const pubsub = await connected(adapter);
  const refusal = { code: "NOT_SUPPORTED", message: expect.stringContaining('replay: "none"') as string };
  await expect(pubsub.apply([Mail])).rejects.toMatchObject(refusal);
  await expect(pubsub.publish(Signups, 1)).rejects.toMatchObject(refusal);
  await expect(pubsub.seek(Mail, { to: "end" })).rejects.toMatchObject(refusal);
  expect(adapter.positions).toEqual([]);
});

test("a topic that is not declared with replay keeps nothing to go back to", async () => {
  const adapter = new ScriptedAdapter({ replay: "time" });
  const pubsub = await connected(adapter);
  await expect(pubsub.seek(Sub, { to: "end" })).rejects.toMatchObject({
    code: "NOT_SUPPORTED",
    message: expect.stringContaining('topic "events" is not declared with replay: true') as string,
  });
  expect(adapter.positions).toEqual([]);
});

test.for(["inbox", "native"] as const)(
  "exactly-once by %s: the inbox would swallow the past, and only the end is possible",
  async (exactlyOnce) => {
    const adapter = new ScriptedAdapter({ replay: "time", exactlyOnce });
    const pubsub = await connect(adapter, { inbox: new MemoryInbox() });
    onTestFinished(() => pubsub.close());
    const orders = defineTopic<number>("orders", { replay: true, deliveryGuarantee: "exactly-once" });
    const bill = defineSubscription(orders, "bill");
    await expect(pubsub.seek(bill, { to: "beginning" })).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringContaining("its inbox passes over every id that was handled") as string,
    });
    await pubsub.seek(bill, { to: "end" });
    expect(adapter.positions).toEqual(["end"]);
  },
);

test("every connection of a subscription is moved, and none when one of them cannot", async () => {
  const byHost: Record<string, ScriptedAdapter> = {
    a: new ScriptedAdapter({ replay: "time" }),
    b: new ScriptedAdapter({ replay: "time" }),
    c: new ScriptedAdapter({ replay: "none" }),
  };
  const adapters = [{ schemes: ["s"], fromUrl: (url: string) => byHost[new URL(url).host] as ScriptedAdapter }];
  const connections = { a: { url: "s://a" }, b: { url: "s://b" }, c: { url: "s://c" } };
  const subscriptions = { mail: { connections: ["a", "b"] }, log: { connections: ["a", "c"] } };
  const pubsub = await connect({
    config: { default: "a", connections, topics: { signups: { subscriptions } } },
    adapters,
  });
  onTestFinished(() => pubsub.close());
  // Its inbox recognises copies on the two connections, and would pass over what was handled.
  await expect(pubsub.seek(Mail, { to: "beginning" })).rejects.toMatchObject({
    code: "NOT_SUPPORTED",
    message: expect.stringContaining("it receives from several connections") as string,
  });
  await pubsub.seek(Mail, { to: "end" });
  expect([byHost["a"]?.positions, byHost["b"]?.positions]).toEqual([["end"], ["end"]]);
  // Copies of one event on two connections have one id, which the inbox knows.
  await expect(pubsub.seek(Mail, { to: "beginning" })).rejects.toMatchObject({
    code: "NOT_SUPPORTED",
    message: expect.stringContaining("it receives from several connections") as string,
  });
  await expect(pubsub.seek(defineSubscription(Signups, "log"), { to: "end" })).rejects.toMatchObject({
    code: "NOT_SUPPORTED",
  });
  expect([byHost["a"]?.positions, byHost["c"]?.positions]).toEqual([["end"], []]);
});

test("a broker that does not answer is not waited for longer than 30 s, or than the caller wants", async () => {
  const adapter = new ScriptedAdapter({ replay: "time" });
  adapter.seek = () => new Promise(() => {});
  const clock = new VirtualClock();
  const pubsub = await connected(adapter, clock);
  const aborted = new AbortController();
  const given = pubsub.seek(Mail, { to: "end", signal: aborted.signal });
  aborted.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  const late = pubsub.seek(Mail, { to: "end" }).catch((error: unknown) => error);
  await turn();
  await clock.advance(30_000);
  expect(await late).toMatchObject({ code: "TIMEOUT" });
});

test("how a handler from before a seek ends no longer counts, and what comes again runs on every attempt", async () => {
  const gates: PromiseWithResolvers<void>[] = [];
  const { adapter, pubsub } = await opened(Sub, () => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  });
  onTestFinished(() => pubsub.close({ timeoutMs: 0 }));
  adapter.deliver({ id: "m" });
  await turn();
  adapter.sink.revokeAll("seek");
  adapter.deliver({ id: "m" });
  await turn();
  gates[0]?.resolve();
  await turn();
  expect(adapter.settles).toEqual([]);
  gates[1]?.reject(new Error("again"));
  await turn();
  adapter.deliver({ id: "m" }, 2);
  await turn();
  gates[2]?.resolve();
  await turn();
  expect(adapter.settles.map(({ how, attempt }) => `${how} ${attempt}`)).toEqual(["retry 1", "ack 2"]);
});

test("what succeeded late before a seek runs again after it", async () => {
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const { adapter, pubsub } = await opened(Sub, () => ((runs += 1) === 1 ? gate.promise : undefined));
  onTestFinished(() => pubsub.close({ timeoutMs: 0 }));
  const lost = adapter.deliver({ id: "m" });
  await turn();
  adapter.sink.revoke(lost);
  gate.resolve();
  await turn();
  adapter.sink.revokeAll("seek");
  adapter.deliver({ id: "m" }, 2);
  await turn();
  expect(runs).toBe(2);
});
