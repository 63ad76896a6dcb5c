import { connect, defineSubscription, defineTopic, type PubSub, PubSubError } from "@anytopic/core";
import { redeliver, type RelayMessage } from "@anytopic/core/relay";
import { expect, onTestFinished, test } from "vitest";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Orders = defineTopic("orders");
const Bill = defineSubscription(Orders, "bill");

const kept = (changes: Partial<RelayMessage> = {}): RelayMessage => ({
  topic: "orders",
  id: "o1",
  body: Buffer.from("1"),
  attributes: { region: "eu" },
  orderingKey: "k",
  publishTimeMs: 1000,
  ...changes,
});

async function opened(): Promise<{ readonly adapter: ScriptedAdapter; readonly pubsub: PubSub }> {
  const adapter = new ScriptedAdapter();
  const pubsub = await connect(adapter);
  onTestFinished(() => pubsub.close());
  return { adapter, pubsub };
}

test("a kept message goes to one subscription as it was published", async () => {
  const { adapter, pubsub } = await opened();
  await redeliver(pubsub, Bill, kept());
  expect(adapter.redelivered.map(({ attributes, ...rest }) => ({ ...rest, attributes: { ...attributes } }))).toEqual([
    { id: "o1", body: Buffer.from("1"), attributes: { region: "eu" }, orderingKey: "k", publishTimeMs: 1000 },
  ]);
});

test("reserved attributes, and those that nobody can send, are left out", async () => {
  const { adapter, pubsub } = await opened();
  const hostile = JSON.parse(
    String.raw`{"anytopic-expires":"1","Anytopic-dead-letter":"{}","":"x","a":"\ud800","__proto__":"p"}`,
  ) as RelayMessage["attributes"];
  await redeliver(pubsub, Bill, kept({ attributes: hostile }));
  expect(Object.entries(adapter.redelivered[0]?.attributes ?? {})).toEqual([["__proto__", "p"]]);
});

test.for<readonly [changes: object, says: string]>([
  [{ topic: "others" }, "its topic is 'others'"],
  [{ body: "text" }, "must be bytes"],
  [{ id: "a\nb" }, "id"],
  [{ orderingKey: "" }, "ordering key"],
  [{ attributes: "x" }, "its attributes are"],
])("%o was stored in a wrong form", async ([changes, says]) => {
  const { adapter, pubsub } = await opened();
  const sending = redeliver(pubsub, Bill, kept(changes));
  await expect(sending).rejects.toThrow(says);
  await expect(sending).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
  expect(adapter.redelivered).toEqual([]);
});

test("attributes beyond the adapter's limits are refused", async () => {
  const { pubsub } = await opened();
  const sending = redeliver(pubsub, Bill, kept({ attributes: { a: "x".repeat(33) } }));
  await expect(sending).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
});

test("wrong arguments, a signal that has aborted, and a closed connection", async () => {
  const { adapter, pubsub } = await opened();
  await expect(redeliver({}, Bill, kept())).rejects.toThrow("must be the result of connect");
  await expect(redeliver(pubsub, Orders as never, kept())).rejects.toThrow(TypeError);
  await expect(redeliver(pubsub, Bill, kept(), { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
  await pubsub.close();
  await expect(redeliver(pubsub, Bill, kept())).rejects.toThrow(PubSubError);
  expect(adapter.redelivered).toEqual([]);
});
