import { connect, defineSubscription, defineTopic, type RedriveOptions } from "@anytopic/core";
import { expect, it } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

const Worker = defineSubscription(defineTopic("events"), "worker");

async function redriven(count: number, edit: RedriveOptions["edit"]): Promise<ScriptedAdapter> {
  const adapter = new ScriptedAdapter();
  await using pubsub = await connect(adapter);
  for (let n = 0; n < count; n += 1) {
    const attributes = { old: "yes" };
    adapter.stored.push({
      id: `${n}`,
      body: Buffer.from("old"),
      attributes,
      orderingKey: "k",
      publishTimeMs: 0,
      native: 0,
    });
  }
  await pubsub.deadLetters(Worker).redrive({ edit });
  return adapter;
}

it("redrive sends what an edit returned as it was then", async () => {
  const body = Buffer.alloc(1);
  const attributes = { n: "" };
  const adapter = await redriven(2, ({ id }) => {
    body.write(id);
    attributes.n = id;
    return { body, attributes };
  });
  expect(adapter.redelivered.map((message) => [Buffer.from(message.body).toString(), message.attributes["n"]])).toEqual(
    [
      ["0", "0"],
      ["1", "1"],
    ],
  );
});

it.each([
  ["nothing", undefined, "old", "yes"],
  ["an empty edit", {}, "old", "yes"],
  ["undefined parts", { body: undefined, attributes: undefined }, "old", "yes"],
  ["no attributes", { attributes: {} }, "old", undefined],
])("an edit that returns %s", async (_name, edit, body, old) => {
  const { redelivered } = await redriven(1, () => edit);
  expect(redelivered.map((message) => [Buffer.from(message.body).toString(), message.attributes["old"]])).toEqual([
    [body, old],
  ]);
});

it.each([
  [Promise.resolve({}), /what edit returned is a promise: await it first/],
  ["text", /what edit returned is text/],
  [{ event: {} }, /what edit returned has no option "event": known are body, attributes/],
  [{ body: "text" }, /bytes codec takes a Uint8Array, not string/],
  [{ attributes: { a: "1", b: "2", c: "3", d: "4" } }, /attributes: 4, at most 3/],
])("refuses an edit that returns %o", async (edit, message) => {
  await expect(redriven(1, () => edit as never)).rejects.toThrow(message);
});
