import { startBrokerOrSkip } from "@anytopic/brokers";
import { bytesCodec, connect, defineSubscription, defineTopic, type PubSub, type PubSubEvent } from "@anytopic/core";
import type { FilterRule } from "@anytopic/core/driver";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, afterEach, expect, test } from "vitest";
import { filterBindings } from "../src/topology/filter-bindings.ts";
import { connectRaw } from "./raw-client.ts";

const broker = await startBrokerOrSkip("rabbitmq");
const noBroker = broker === undefined;
const open = new Set<PubSub>();
afterEach(async () => {
  await Promise.all([...open].map((pubsub) => pubsub.close()));
  open.clear();
});
afterAll(async () => broker?.close());

const rule = (key: string, differs: Partial<FilterRule>): FilterRule => ({
  key,
  absent: false,
  values: undefined,
  not: [],
  ...differs,
});
const about = (text: RegExp): unknown => expect.stringMatching(text);
const all = { "x-match": "all" };

test.each<[string, readonly FilterRule[], readonly object[] | undefined, unknown]>([
  ["no rule", [], undefined, undefined],
  [
    "a text",
    [rule("a", { values: ["x"] })],
    [
      { ...all, a: "x" },
      { ...all, a: Buffer.from("x") },
    ],
    undefined,
  ],
  ["presence", [rule("a", {})], [{ ...all, a: null }], undefined],
  ["a prefix", [rule("a", { values: ["x", { prefix: "y" }] })], [{ ...all, a: null }], about(/about "a"/)],
  ["not", [rule("a", { not: ["x"] })], [{ ...all, a: null }], about(/about "a"/)],
  ["absence", [rule("a", { absent: true, values: [] })], undefined, about(/about "a"/)],
  ["text that a number has too", [rule("a", { values: ["10"] })], [{ ...all, a: null }], about(/about "a"/)],
  ["empty text, which void has too", [rule("a", { values: [""] })], [{ ...all, a: null }], about(/about "a"/)],
  ["a name that exchanges ignore", [rule("x-a", { values: ["x"] })], undefined, about(/about "x-a"/)],
  ["a name that is escaped", [rule("CC", { values: ["x"] })], undefined, about(/about "CC"/)],
  ["a name that is no header's", [rule("a".repeat(256), { values: ["x"] })], undefined, about(/about "a+"/)],
])("of a filter with %s, the exchange applies what it can", (_what, rules, bindings, inWorker) => {
  const made = filterBindings(rules);
  expect(made.bindings).toEqual(bindings);
  expect(made.inWorker).toEqual(inWorker);
});

test("at most 50 bindings: the longest list becomes presence", () => {
  const letters = (count: number): string[] =>
    Array.from({ length: count }, (_, n) => `v${String.fromCharCode(97 + n)}`);
  const made = filterBindings([rule("a", { values: letters(20) }), rule("b", { values: letters(3) })]);
  expect(made.bindings).toHaveLength(6);
  expect(made.bindings).toContainEqual({ ...all, a: null, b: "va" });
  expect(made.inWorker).toMatch("more than 50 bindings");
});

test.skipIf(noBroker)(
  "whatever type of header a foreign publisher uses, what passes comes through",
  { timeout: 30_000 },
  async () => {
    const topic = defineTopic<Uint8Array>("foreign-filter", { codec: bytesCodec });
    const filter = { n: ["10", "true", "eu"], free: { not: "no" } };
    const subscription = defineSubscription(topic, "worker", { filter });
    const exact = defineSubscription(topic, "exact", { filter: { n: "eu" } });
    const pubsub = await connect(rabbitmq({ url: broker!.url }));
    open.add(pubsub);
    await pubsub.apply([subscription, exact]);
    const seen: string[] = [];
    const exactly: string[] = [];
    await pubsub.subscribe(subscription, (body) => void seen.push(Buffer.from(body).toString()));
    await pubsub.subscribe(exact, (body) => void exactly.push(Buffer.from(body).toString()));
    const raw = await connectRaw(broker!.url);
    const send = (body: string, headers: object): Promise<void> =>
      raw.publish("foreign-filter", "", Buffer.from(body), { headers });
    await send("number", { n: 10 });
    await send("boolean", { n: true });
    await send("bytes", { n: Buffer.from("eu") });
    await send("text", { n: "eu" });
    await send("other", { n: "us" });
    await send("none", {});
    await send("last", { n: "eu" });
    await expect.poll(() => seen.toSorted()).toEqual(["boolean", "bytes", "last", "number", "text"]);
    await expect.poll(() => exactly.toSorted()).toEqual(["bytes", "last", "text"]);
    await raw.close();
  },
);

test.skipIf(noBroker)("a publish that every filter holds back is accepted", { timeout: 30_000 }, async () => {
  const topic = defineTopic<string>("nobody-takes");
  const subscription = defineSubscription(topic, "worker", { filter: { region: "eu" } });
  const events: PubSubEvent[] = [];
  const pubsub = await connect(rabbitmq({ url: broker!.url }), { observer: (event) => void events.push(event) });
  open.add(pubsub);
  await pubsub.apply([subscription]);
  const attributes = { region: "us" };
  await pubsub.publish(topic, "first", { attributes });
  await pubsub.publish(topic, "second", { attributes });
  const seen: string[] = [];
  await pubsub.subscribe(subscription, (event) => void seen.push(event));
  await pubsub.publish(topic, "third", { attributes: { region: "eu" } });
  await expect.poll(() => seen).toEqual(["third"]);
  expect(events.filter(({ type }) => type === "skipped")).toEqual([]);
});
