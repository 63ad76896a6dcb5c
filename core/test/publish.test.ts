import { connect, defineTopic, PubSubError } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

const Events = defineTopic<{ n: number; key?: string }>("events");
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const unavailable = (): PubSubError => new PubSubError("UNAVAILABLE", "gone");

describe("publish", () => {
  it("checks limits before the network and says which, how much and how much is allowed", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const Bytes = defineTopic<Uint8Array>("bytes", { codec: "bytes", orderingKey: (body) => "k".repeat(body[0] ?? 1) });
    await expect(pubsub.publish(Bytes, new Uint8Array(1001).fill(1))).rejects.toThrow(/1001 bytes, at most 1000/);
    await expect(pubsub.publish(Bytes, Uint8Array.of(17))).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    const attributes = { a: "1", b: "2", c: "3", d: "4" };
    await expect(pubsub.publish(Events, { n: 1 }, { attributes })).rejects.toThrow(/attributes: 4, at most 3/);
    await expect(pubsub.publish(Events, { n: 1 }, { attributes: { ["k".repeat(17)]: "" } })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    await expect(pubsub.publish(Events, { n: 1 }, { attributes: { k: "ä".repeat(17) } })).rejects.toThrow(
      /34 bytes, at most 32/,
    );
    expect(adapter.batches).toEqual([]);
  });

  it("asks the driver for refusals before the network, and pauses no key for one", async () => {
    const adapter = new ScriptedAdapter();
    const refused = new PubSubError("LIMIT_EXCEEDED", "together too long");
    adapter.refusal = ({ attributes }) => (attributes["large"] === undefined ? undefined : refused);
    const pubsub = await connect(adapter);
    const Keyed = defineTopic<{ n: number }>("keyed", { orderingKey: () => "k" });
    const published = [undefined, { large: "" }, undefined].map((attributes, n) =>
      pubsub.publish(Keyed, { n }, attributes === undefined ? {} : { attributes }),
    );
    await expect(published[1]).rejects.toBe(refused);
    await turn();
    adapter.requests[0]?.accept();
    await turn();
    adapter.requests[1]?.accept();
    expect(await Promise.all([published[0], published[2]])).toEqual(adapter.requests.map(({ id }) => id));
  });

  it.each([
    [{ "anytopic-x": "1" }, /reserved/],
    [{ AnyTopicX: "1" }, /reserved/],
    [{ "": "1" }, /not empty/],
    [{ k: 1 }, /attribute .k. is a number: must be a string/],
    [{ k: "\uD800" }, /attribute .k. has a lone surrogate/],
  ])("refuses the attributes %j", async (attributes, message) => {
    const pubsub = await connect(new ScriptedAdapter());
    const refused = pubsub.publish(Events, { n: 1 }, { attributes: attributes as Record<string, string> });
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(message);
  });

  it("takes an attribute named __proto__ for what it is", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const attributes = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    const published = pubsub.publish(Events, { n: 1 }, { attributes });
    await turn();
    expect(Object.entries(adapter.requests[0]?.attributes ?? {})).toEqual([["__proto__", "x"]]);
    adapter.requests[0]?.accept();
    await published;
  });

  it("gives a result per entry of a batch", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const results = pubsub.publishBatch(Events, [
      { event: { n: 1 } },
      { event: { n: 2 }, attributes: { anytopic: "" } },
      { event: { n: 3 }, id: "mine" },
    ]);
    await turn();
    expect(adapter.requests).toHaveLength(2);
    adapter.requests[0]?.reject(unavailable());
    adapter.requests[1]?.accept();
    expect(await results).toEqual([
      { ok: false, error: expect.objectContaining({ code: "UNAVAILABLE" }) },
      { ok: false, error: expect.any(TypeError) },
      { ok: true, id: "mine" },
    ]);
  });

  it("makes ids that sort in the order of their making", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter, { publish: { maxPending: 10_000 } });
    const published = Promise.all(Array.from({ length: 5000 }, (_, n) => pubsub.publish(Events, { n })));
    await turn();
    for (const request of adapter.requests) request.accept();
    const ids = await published;
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(5000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("waits in close for publishes under way, and refuses new ones", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const published = pubsub.publish(Events, { n: 1 });
    await turn();
    const closed = pubsub.close();
    await expect(pubsub.publish(Events, { n: 2 })).rejects.toMatchObject({ code: "CLOSED" });
    adapter.requests[0]?.accept();
    await published;
    await closed;
    await pubsub.close();
    expect(pubsub.health().status).toBe("down");
  });
});
