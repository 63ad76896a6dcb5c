import { defineTopic, PubSubError, type StandardSchema } from "@anytopic/core";
import { memoryCapabilities, memoryMessageLimits } from "@anytopic/memory/capabilities";
import { createOutbox, type Outbox, type OutboxOptions } from "@anytopic/outbox";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { storedRows } from "./stored-rows.ts";
import { availableDatabases, type TestDatabase } from "./test-databases.ts";

interface Order {
  readonly customer: string;
  readonly n: number;
}
const Orders = defineTopic<Order>("orders", { orderingKey: ({ customer }) => customer });
const Mails = defineTopic<{ readonly n: number }>("mails");
const Files = defineTopic<Uint8Array>("files", { codec: "bytes" });
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const slow: StandardSchema<{ readonly n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) => {
      const { n } = value as { readonly n: number };
      // The later event is checked faster.
      for (let turn = 10; turn > n; turn -= 1) await Promise.resolve();
      return n < 0 ? { issues: [{ message: "negative" }] } : { value: { n } };
    },
  },
};
const databases = await availableDatabases();

describe.each(databases)("the outbox on $name", ({ open }) => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await open()));
  afterAll(async () => await database?.close());
  beforeEach(async () => void (await database.query(`DELETE FROM ${database.table("outbox")}`)));

  const outboxOf = (options: Partial<OutboxOptions> = {}): Outbox<object> =>
    createOutbox({ dialect: database.dialect, executor: database.executor, ...database.place, ...options });

  test("writes an event with the transaction, and nobody sees it before the commit", async () => {
    const outbox = outboxOf();
    const before = Date.now();
    const id = await database.transaction(async (tx) => {
      const written = await outbox.publish(tx, Orders, { customer: "ada", n: 1 }, { attributes: { a: "b" } });
      expect(await storedRows(database)).toEqual([]);
      return written;
    });
    expect(id).toMatch(ID);
    const [row, ...others] = await storedRows(database);
    expect(row).toMatchObject({ topic: "orders", id, key: "ada", attributes: { a: "b" } });
    expect(String(row?.body)).toBe('{"customer":"ada","n":1}');
    expect(row?.publishTimeMs).toBeGreaterThanOrEqual(before);
    expect(row?.publishTimeMs).toBeLessThanOrEqual(Date.now());
    expect(others).toEqual([]);
  });

  test("leaves nothing when the transaction rolls back", async () => {
    const outbox = outboxOf();
    const failed = database.transaction(async (tx) => {
      await outbox.publish(tx, Mails, { n: 1 });
      await outbox.publishBatch(tx, Orders, [{ event: { customer: "ada", n: 1 } }]);
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    expect(await storedRows(database)).toEqual([]);
  });

  test("refuses in the transaction what publish refuses, and the transaction goes on", async () => {
    const outbox = outboxOf({
      destinations: { capabilities: memoryCapabilities, messageLimits: memoryMessageLimits },
    });
    await database.transaction(async (tx) => {
      const refused = (event: Order, code: string): Promise<void> =>
        expect(outbox.publish(tx, Orders, event)).rejects.toMatchObject({ code });
      await refused({ customer: "ada", n: Number.NaN }, "INVALID_MESSAGE");
      await refused({ customer: "a\0b", n: 1 }, "INVALID_MESSAGE");
      await refused({ customer: "ä".repeat(513), n: 1 }, "LIMIT_EXCEEDED");
      const large = new Uint8Array(memoryCapabilities.maxMessageBytes + 1);
      await expect(outbox.publish(tx, Files, large)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
      await expect(outbox.publish(tx, Mails, { n: 1 }, { attributes: { anytopic: "" } })).rejects.toThrow(/reserved/);
      await expect(
        outbox.publish(tx, Mails, { n: 1 }, { signal: AbortSignal.abort(new Error("off")) }),
      ).rejects.toThrow("off");
      await outbox.publish(tx, Mails, { n: 2 }, { id: "good" });
    });
    expect((await storedRows(database)).map(({ id }) => id)).toEqual(["good"]);
  });

  test("refuses a handle that is visibly no transaction", async () => {
    const outbox = outboxOf();
    await expect(outbox.publish(database.noTransaction, Mails, { n: 1 })).rejects.toThrow(/is no open transaction/);
    await expect(outbox.publishBatch(database.noTransaction, Mails, [])).rejects.toThrow(TypeError);
    await expect(outbox.publish("tx" as never, Mails, { n: 1 })).rejects.toThrow(/tx is a string: must be the open/);
    expect(await storedRows(database)).toEqual([]);
  });

  test("keeps the order of the calls in a transaction, also of an asynchronous schema", async () => {
    const outbox = outboxOf();
    const Slow = defineTopic("slow", { schema: slow, orderingKey: () => "k" });
    await database.transaction(async (tx) => {
      const calls = [0, 3, -1, 7, 9].map((n) => outbox.publish(tx, Slow, { n }, { id: `n${n}` }));
      const after = outbox.publish(tx, Mails, { n: 1 }, { id: "after" });
      const results = await Promise.allSettled([...calls, after]);
      expect(results.map(({ status }) => status === "fulfilled")).toEqual([true, true, false, true, true, true]);
      expect(results[2]).toMatchObject({ reason: { code: "INVALID_MESSAGE" } });
    });
    expect((await storedRows(database)).map(({ id }) => id)).toEqual(["n0", "n3", "n7", "n9", "after"]);
  });

  test("stops waiting for a schema when the signal aborts, and never writes that event", async () => {
    const outbox = outboxOf();
    const answer = Promise.withResolvers<void>();
    const schema: StandardSchema<{ readonly n: number }> = {
      "~standard": {
        version: 1,
        vendor: "test",
        async validate(value) {
          await answer.promise;
          return { value: value as { n: number } };
        },
      },
    };
    const Slow = defineTopic("slow", { schema });
    const controller = new AbortController();
    await database.transaction(async (tx) => {
      const aborted = outbox.publish(tx, Slow, { n: 1 }, { signal: controller.signal });
      controller.abort(new Error("no time"));
      await expect(aborted).rejects.toThrow("no time");
      await outbox.publish(tx, Mails, { n: 2 }, { id: "other" });
      answer.resolve();
      await outbox.publish(tx, Slow, { n: 3 }, { id: "later" });
    });
    expect((await storedRows(database)).map(({ id }) => id)).toEqual(["other", "later"]);
  });

  test("writes a batch in its order, with a result for each entry", async () => {
    const outbox = outboxOf();
    const entries = Array.from({ length: 257 }, (_, n) => ({ event: { customer: `c${n % 7}`, n }, id: `id${n}` }));
    const bad = { event: { customer: "", n: 0 } };
    const results = await database.transaction((tx) => outbox.publishBatch(tx, Orders, [bad, ...entries]));
    expect(results).toEqual([
      { ok: false, error: expect.any(TypeError) },
      ...entries.map(({ id }) => ({ ok: true, id })),
    ]);
    const rows = await storedRows(database);
    expect(rows.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
    const lanes = new Map(rows.map(({ key, lane }) => [key, lane]));
    for (const { key, lane } of rows) expect(lane).toBe(lanes.get(key));
    const both = await database.transaction((tx) => outbox.publishBatch(tx, Mails, []));
    expect(both).toEqual([]);
  });

  test("writes a batch of an asynchronous schema, without what does not match", async () => {
    const outbox = outboxOf();
    const Slow = defineTopic("slow", { schema: slow });
    const entries = [0, -1, 5].map((n) => ({ event: { n }, id: `n${n}` }));
    const results = await database.transaction((tx) => outbox.publishBatch(tx, Slow, entries));
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect((await storedRows(database)).map(({ id }) => id)).toEqual(["n0", "n5"]);
  });

  test("gives code that must not know of it a publisher like that of a connection", async () => {
    const outbox = outboxOf();
    await database.transaction(async (tx) => {
      const mails = outbox.publisher(tx, Mails);
      expect(mails.topic).toBe(Mails);
      await mails.publish({ n: 1 }, { id: "one" });
      await mails.publishBatch([{ event: { n: 2 }, id: "two" }]);
    });
    expect((await storedRows(database)).map(({ id }) => id)).toEqual(["one", "two"]);
  });

  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["every byte", Uint8Array.from({ length: 256 }, (_, n) => n)],
    ["8 MiB", new Uint8Array(8 * 1024 * 1024).fill(0xff)],
  ])("keeps a body of %s", async (_, body) => {
    const outbox = outboxOf();
    await database.transaction((tx) => outbox.publish(tx, Files, body));
    await database.transaction((tx) => outbox.publishBatch(tx, Files, [{ event: body }, { event: body }]));
    const rows = await storedRows(database);
    expect(rows.map((row) => row.body.equals(body))).toEqual([true, true, true]);
  });

  test("keeps what a stranger may have written into attributes, keys and ids", async () => {
    const outbox = outboxOf();
    const hostile = ["\0", "'; DROP TABLE x; --", '"', "\\", "$1 ? $2", "\u2028😀\uFFFF", " ", "a ", "__proto__", "%s"];
    for (const [n, text] of hostile.entries()) {
      const attributes = JSON.parse(JSON.stringify({ [`k${text}`]: text })) as Record<string, string>;
      const customer = text.replaceAll("\0", "zero");
      const id = `!${n}~'"\\$1?`;
      await database.transaction((tx) => outbox.publish(tx, Orders, { customer, n }, { attributes, id }));
      const row = (await storedRows(database)).at(-1);
      expect(row).toMatchObject({ key: customer, id, attributes });
    }
  });

  test("stores when an event expires", async () => {
    const outbox = outboxOf();
    const expiresAt = new Date(Date.now() + 60_000);
    await database.transaction((tx) => outbox.publish(tx, Mails, { n: 1 }, { expiresAt }));
    expect(JSON.stringify((await storedRows(database))[0]?.attributes)).toMatch(/^\{"anytopic-expires[^"]*":"\d+"\}$/);
  });

  test("tells instrumentations how it ended, and stores what they add", async () => {
    const ends: unknown[] = [];
    const outbox = outboxOf({
      instrumentation: [
        {
          publish({ adapter, id }, carrier) {
            carrier["traceparent"] = `00-${id}`;
            return ({ error }) => void ends.push([adapter, id, error]);
          },
        },
      ],
    });
    await database.transaction(async (tx) => {
      await outbox.publish(tx, Mails, { n: 1 }, { id: "a" });
      await outbox.publishBatch(tx, Mails, [{ event: { n: 2 }, id: "b" }]);
      await expect(outbox.publish(tx, Orders, { customer: "\0", n: 1 }, { id: "c" })).rejects.toThrow(PubSubError);
    });
    expect(ends).toEqual([
      ["outbox", "a", undefined],
      ["outbox", "b", undefined],
      ["outbox", "c", expect.any(PubSubError)],
    ]);
    expect((await storedRows(database)).map(({ attributes }) => attributes)).toEqual([
      { traceparent: "00-a" },
      { traceparent: "00-b" },
    ]);
  });

  test("passes on the library's own error, and tells instrumentations", async () => {
    const ends: unknown[] = [];
    const outbox = outboxOf({
      tablePrefix: "missing_",
      instrumentation: [{ publish: () => (end) => void ends.push(end.error) }],
    });
    const failed = database.transaction((tx) => outbox.publish(tx, Mails, { n: 1 }));
    await expect(failed).rejects.toThrow(/missing_outbox/);
    await expect(failed).rejects.not.toBeInstanceOf(PubSubError);
    const batch = database.transaction((tx) => outbox.publishBatch(tx, Mails, [{ event: { n: 1 } }]));
    await expect(batch).rejects.toThrow(/missing_outbox/);
    expect(ends).toHaveLength(2);
  });
});
