import { connect, defineTopic, type PubSub, type StandardSchema } from "@anytopic/core";
import type { Attributes } from "@anytopic/core/driver";
import { describe, expect, it } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

interface Numbered {
  n: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const bodies = (adapter: ScriptedAdapter): unknown[] =>
  adapter.requests.map(({ body }) => JSON.parse(Buffer.from(body).toString()) as unknown);

/** Takes events whose `n` is at least 0, and looks at them only after a turn. */
const slowSchema: StandardSchema<Numbered> = {
  "~standard": {
    version: 1,
    vendor: "test",
    async validate(value) {
      await turn();
      const event = value as Numbered;
      return event.n >= 0 ? { value: event } : { issues: [{ message: "must not be negative", path: ["n"] }] };
    },
  },
};

const Plain = defineTopic<Numbered>("plain");
const Keyed = defineTopic<Numbered>("keyed", {
  orderingKey: ({ n }) => `key-${n}`,
  attributes: ({ n }) => ({ computed: `${n}` }),
});
const Slow = defineTopic("slow", { schema: slowSchema });

/** A connection on which opening a publisher takes until `open` is called. */
async function unopened(): Promise<{ adapter: ScriptedAdapter; pubsub: PubSub; open: () => Promise<void> }> {
  const adapter = new ScriptedAdapter();
  const { promise, resolve } = Promise.withResolvers<void>();
  adapter.opening = promise;
  const pubsub = await connect(adapter);
  const open = async (): Promise<void> => {
    resolve();
    await turn();
    await turn();
  };
  return { adapter, pubsub, open };
}

describe("what is published is the value at the time of the call", () => {
  it.each([Plain, Keyed, Slow])("before topic $name is open", async (topic) => {
    const { adapter, pubsub, open } = await unopened();
    const event = { n: 0 };
    const attributes = { n: "" } as Record<string, string>;
    const options: { attributes: Attributes; id: string } = { attributes, id: "" };
    for (const n of [1, 2, 3]) {
      event.n = n;
      attributes["n"] = String(n);
      options.id = `id-${n}`;
      void pubsub.publish(topic, event, options);
    }
    event.n = -1;
    attributes["n"] = "changed";
    options.id = "changed";
    options.attributes = {};
    await open();
    await turn();
    expect(bodies(adapter)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(adapter.requests.map(({ id, attributes: sent }) => [id, sent["n"]])).toEqual([
      ["id-1", "1"],
      ["id-2", "2"],
      ["id-3", "3"],
    ]);
    const computed = topic === Keyed ? ["1", "2", "3"] : [undefined, undefined, undefined];
    const keys = topic === Keyed ? ["key-1", "key-2", "key-3"] : computed;
    expect(adapter.requests.map(({ orderingKey }) => orderingKey)).toEqual(keys);
    expect(adapter.requests.map(({ attributes: sent }) => sent["computed"])).toEqual(computed);
  });

  it.each([Plain, Slow])("in a batch, before and after topic $name is open", async (topic) => {
    const { adapter, pubsub, open } = await unopened();
    const publishOnce = (): void => {
      const event = { n: 5 };
      const entry = { event, attributes: { n: "5" } };
      const entries = [entry, { ...entry }];
      void pubsub.publishBatch(topic, entries);
      event.n = -1;
      entry.attributes.n = "changed";
      entries.length = 0;
    };
    publishOnce();
    await open();
    await turn();
    publishOnce();
    await turn();
    await turn();
    expect(bodies(adapter)).toEqual([{ n: 5 }, { n: 5 }, { n: 5 }, { n: 5 }]);
    expect(adapter.requests.map(({ attributes }) => attributes["n"])).toEqual(["5", "5", "5", "5"]);
  });

  it("with an asynchronous schema, which never passes what came later", async () => {
    const { adapter, pubsub, open } = await unopened();
    await open();
    const bad = { n: -1 };
    const refused = [pubsub.publish(Slow, bad), pubsub.publish(Slow, bad)];
    bad.n = 1;
    for (const call of refused) await expect(call).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    const good = { n: 1 };
    void pubsub.publish(Slow, good);
    good.n = -1;
    await turn();
    await turn();
    expect(bodies(adapter)).toEqual([{ n: 1 }]);
  });

  it("for bytes in a buffer that is filled again", async () => {
    const Bytes = defineTopic<Uint8Array>("bytes", { codec: "bytes" });
    const { adapter, pubsub, open } = await unopened();
    const buffer = Buffer.alloc(4);
    for (const text of ["aaaa", "bbbb"]) {
      buffer.write(text);
      void pubsub.publisher(Bytes).publish(buffer);
    }
    await open();
    buffer.write("cccc");
    void pubsub.publish(Bytes, buffer);
    buffer.write("dddd");
    await turn();
    expect(adapter.requests.map(({ body }) => Buffer.from(body).toString())).toEqual(["aaaa", "bbbb", "cccc"]);
  });

  it("and a wrong one is refused at once, unhandled by nobody", async () => {
    const { adapter, pubsub, open } = await unopened();
    adapter.opening = undefined;
    await expect(pubsub.publish(Slow, { n: -1 })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    await expect(pubsub.publish(Plain, { n: 1 }, { id: "" })).rejects.toThrow(TypeError);
    await open();
    expect(adapter.requests).toEqual([]);
  });
});
