import { type Carrier, defineTopic, PubSubError, type StandardSchema, VirtualClock } from "@anytopic/core";
import { type DestinationLimits, EventEncoder, type EventEncoderOptions } from "@anytopic/core/relay";
import { describe, expect, test } from "vitest";

import { capabilities } from "./scripted-adapter.ts";

const Orders = defineTopic<{ readonly n: number; readonly customer: string }>("orders", {
  orderingKey: ({ customer }) => customer,
  attributes: ({ n }) => ({ n: String(n) }),
});
const ada = { n: 1, customer: "ada" };
const destination: DestinationLimits = { capabilities, messageLimits: () => ({ sizeOf: ({ body }) => body.length }) };
const encoder = (options: Partial<EventEncoderOptions> = {}): EventEncoder =>
  new EventEncoder({ adapter: "outbox", ...options });
const later: StandardSchema<object, object> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) =>
      (value as { ok?: boolean }).ok === true ? { value: {} } : { issues: [{ message: "no" }] },
  },
};

describe("an encoder", () => {
  test("makes of an event what publish would send, as plain data", () => {
    const clock = new VirtualClock();
    const encoded = encoder({ clock }).encode(Orders, ada, { id: "mine", attributes: { own: "x" } });
    const { message, due, valid, ended } = encoded;
    expect(structuredClone(message)).toEqual({
      topic: "orders",
      id: "mine",
      body: new Uint8Array(Buffer.from('{"n":1,"customer":"ada"}')),
      attributes: { n: "1", own: "x" },
      orderingKey: "ada",
      publishTimeMs: clock.now(),
    });
    expect([due, valid, ended]).toEqual([undefined, undefined, undefined]);
  });

  test("says when a delayed event is due, and keeps when another expires", () => {
    const clock = new VirtualClock();
    const Mails = defineTopic<object>("mails");
    const one = encoder({ clock });
    const due = { atMs: clock.now() + 1000, delayMs: 1000 };
    expect(one.encode(Mails, {}, { delayMs: 1000 }).due).toEqual(due);
    expect(one.encode(Mails, {}, { deliverAt: new Date(due.atMs) }).due).toEqual({ ...due, delayMs: undefined });
    const [entry] = one.encodeBatch(Mails, [{ event: {}, delayMs: 1000 }]).entries;
    expect(entry).toMatchObject({ due });
    const { message } = one.encode(Mails, {}, { expiresAt: new Date(due.atMs) });
    expect(Object.values(message.attributes)).toHaveLength(1);
  });

  test("makes ids that sort in the order of the calls, or those of newId, and signs them", () => {
    const one = encoder();
    const ids = Array.from({ length: 50 }, () => one.encode(Orders, ada).message.id);
    expect(ids.toSorted()).toEqual(ids);
    const signing = encoder({ newId: (topic) => `${topic}-1`, idSecret: "s".repeat(32) });
    const { id } = signing.encode(Orders, ada).message;
    expect(id).toMatch(/^orders-1\.[\w-]{22}$/);
    expect(signing.encode(Orders, ada, { id }).message.id).toBe(id);
  });

  test("refuses what publish refuses, in the call", () => {
    const one = encoder();
    expect(() => one.encode(Orders, { n: Number.NaN, customer: "x" })).toThrow(PubSubError);
    expect(() => one.encode(Orders, { n: 1, customer: "" })).toThrow(/orderingKey returned is empty/);
    expect(() => one.encode(Orders, ada, { attributes: { anytopic: "1" } })).toThrow(/reserved/);
    expect(() => one.encode(Orders, ada, { id: "two words" })).toThrow(TypeError);
    expect(() => encoder({ idSecret: "short" })).toThrow(/has 5 characters/);
    expect(() => one.encode("orders" as never, ada)).toThrow(/must be made by defineTopic/);
  });

  test("leaves an asynchronous schema to the caller, and the event as it was", async () => {
    const Checked = defineTopic<object>("checked", { schema: later });
    const good = encoder().encode(Checked, { ok: true });
    await expect(good.valid).resolves.toBeUndefined();
    const event = { ok: false };
    const { valid, message } = encoder().encode(Checked, event);
    event.ok = true;
    expect(Buffer.from(message.body).toString()).toBe('{"ok":false}');
    await expect(valid).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
  });

  test("refuses what no destination would accept, when it knows them", () => {
    const one = encoder({ destinations: destination });
    expect(() => one.encode(Orders, { n: 1, customer: "a".repeat(17) })).toThrow(/ordering key: 17 bytes, at most 16/);
    const Bytes = defineTopic<Uint8Array>("bytes", { codec: "bytes" });
    expect(() => one.encode(Bytes, new Uint8Array(1001))).toThrow(/1001 bytes, at most 1000/);
    expect(one.encode(Bytes, new Uint8Array(1000)).message.body).toHaveLength(1000);
    expect(() => encoder({ destinations: { capabilities } as never }).encode(Orders, ada)).toThrow(/and messageLimits/);
    const unordered = { ...destination, capabilities: { ...capabilities, ordering: "none" as const } };
    const mirrored = encoder({ destinations: ({ name }) => (name === "orders" ? [destination, unordered] : []) });
    expect(() => mirrored.encode(Orders, ada)).toThrow(expect.objectContaining({ code: "NOT_SUPPORTED" }));
    expect(mirrored.encode(Bytes, new Uint8Array(1001)).message.id).toBeTypeOf("string");
  });

  test("tells instrumentations of each event, and sends what they add, unless it breaks a limit", () => {
    const told: unknown[] = [];
    let added: Carrier = { traceparent: "00-1" };
    const one = encoder({
      destinations: destination,
      instrumentation: [
        {
          publish({ topic, adapter, id }, carrier) {
            Object.assign(carrier, added);
            told.push({ topic, adapter, id });
            return ({ error }) => void told.push(error);
          },
        },
      ],
    });
    const { message, ended } = one.encode(Orders, ada, { id: "a" });
    expect(message.attributes).toEqual({ n: "1", traceparent: "00-1" });
    ended?.({ error: undefined });
    added = { traceparent: "x".repeat(33) };
    expect(one.encode(Orders, ada, { id: "b" }).message.attributes).toEqual({ n: "1" });
    expect(() => one.encode(Orders, { n: 1, customer: "a".repeat(17) }, { id: "c" })).toThrow(PubSubError);
    const seen = (id: string): object => ({ topic: "orders", adapter: "outbox", id });
    expect(told).toEqual([seen("a"), undefined, seen("b"), seen("c"), expect.any(PubSubError)]);
  });

  test("encodes a batch, entry by entry, and tells each end once", () => {
    const ends: unknown[] = [];
    const one = encoder({
      destinations: destination,
      instrumentation: [
        {
          publishBatch: () => (end) => void ends.push(end),
          publish:
            ({ id }) =>
            ({ error }) =>
              void ends.push([id, error]),
        },
      ],
    });
    const entries = [
      { event: ada, id: "a" },
      { event: { n: 1, customer: "" }, id: "unread" },
      { event: { n: 1, customer: "x".repeat(17) }, id: "large" },
    ];
    const batch = one.encodeBatch(Orders, entries);
    expect(batch.entries.map(({ message }) => message?.id)).toEqual(["a", undefined, undefined]);
    expect(ends).toEqual([["large", expect.any(PubSubError)]]);
    batch.ended([{ ok: true, id: "a" }, ...["unread", "large"].map((error) => ({ ok: false as const, error }))]);
    expect(ends[1]).toEqual({ failed: 2, error: "unread" });
    expect(() => one.encodeBatch(Orders, ada as never)).toThrow(/must be an array/);
  });
});
