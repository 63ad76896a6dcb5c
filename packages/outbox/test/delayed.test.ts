import { connect, defineSubscription, defineTopic, type PubSubEvent } from "@anytopic/core";
import { createOutbox, type Outbox } from "@anytopic/outbox";
import { sqlScheduleStore } from "@anytopic/sql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { storedRows } from "./stored-rows.ts";
import { availableDatabases, type TestDatabase } from "./test-databases.ts";

const Orders = defineTopic<{ readonly customer: string; readonly n: number }>("orders", {
  orderingKey: ({ customer }) => customer,
});
const databases = await availableDatabases();

describe.each(databases)("a delayed publish in the outbox on $name", ({ open }) => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await open()));
  afterAll(async () => await database?.close());

  const outboxOf = (): Outbox<object> =>
    createOutbox({ dialect: database.dialect, executor: database.executor, ...database.place });

  test("writes a delayed event to the schedule, in the same transaction, and a connection publishes it then", async () => {
    const outbox = outboxOf();
    const Late = defineTopic<{ readonly n: number }>(`late-${Math.random().toString(36).slice(2)}`);
    const Read = defineSubscription(Late, "read");
    const rolledBack = database.transaction(async (tx) => {
      await outbox.publish(tx, Late, { n: 0 }, { delayMs: 0 });
      await outbox.publish(tx, Late, { n: 1 }, { delayMs: 1 });
      throw new Error("changed my mind");
    });
    await expect(rolledBack).rejects.toThrow("changed my mind");
    const startedMs = Date.now();
    const deliverAt = new Date(startedMs + 1500);
    await database.transaction(async (tx) => {
      await outbox.publish(tx, Late, { n: 2 }, { id: "delayed", delayMs: 1000, attributes: { a: "b" } });
      await outbox.publishBatch(tx, Late, [
        { event: { n: 3 }, id: "at", deliverAt },
        { event: { n: 4 }, id: "now" },
      ]);
      await expect(outbox.publish(tx, Orders, { customer: "ada", n: 1 }, { deliverAt })).rejects.toMatchObject({
        code: "NOT_SUPPORTED",
      });
    });
    expect((await storedRows(database)).map(({ id }) => id)).toEqual(["now"]);
    const { pool, close } = await database.openPool();
    try {
      const schedule = sqlScheduleStore(pool, database.place);
      await using pubsub = await connect("memory:", { declarations: [Read], schedule });
      const seen: unknown[] = [];
      const times: number[] = [];
      await pubsub.subscribe(Read, ({ n }, { id, attributes }) => {
        seen.push([n, id, { ...attributes }]);
        times.push(Date.now() - startedMs);
      });
      await expect
        .poll(() => seen)
        .toEqual([
          [2, "delayed", { a: "b" }],
          [3, "at", {}],
        ]);
      expect(times[0]).toBeGreaterThanOrEqual(1000);
      expect(times[1]).toBeGreaterThanOrEqual(1500);
    } finally {
      await close();
    }
  });

  test("a delayed event keeps the time at which it expires: no handler gets one that has expired when it is due", async () => {
    const outbox = outboxOf();
    const Codes = defineTopic<object>(`codes-${Math.random().toString(36).slice(2)}`);
    const Send = defineSubscription(Codes, "send");
    const [soon, later] = [new Date(Date.now() + 100), new Date(Date.now() + 3_600_000)];
    await database.transaction(async (tx) => {
      await outbox.publish(tx, Codes, {}, { id: "expires-first", expiresAt: soon, delayMs: 500 });
      await outbox.publish(tx, Codes, {}, { id: "in-time", expiresAt: later, delayMs: 500 });
    });
    const { pool, close } = await database.openPool();
    try {
      const schedule = sqlScheduleStore(pool, database.place);
      const seen: unknown[] = [];
      const observer = (event: PubSubEvent): void => {
        if (event.type === "skipped") seen.push([event.id, event.reason]);
      };
      await using pubsub = await connect("memory:", { declarations: [Send], schedule, observer });
      await pubsub.subscribe(Send, (_, { id, expiresAt }) => void seen.push([id, expiresAt]));
      await expect.poll(() => seen, { timeout: 10_000 }).toHaveLength(2);
      expect(new Map(seen as [string, unknown][])).toEqual(
        new Map<string, unknown>([
          ["expires-first", "expired"],
          ["in-time", later],
        ]),
      );
    } finally {
      await close();
    }
  });
});
