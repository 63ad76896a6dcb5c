import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { connect, type Handler, type PubSubEvent, type Subscription } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import type { SqlInbox, Work } from "@anytopic/sql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Library, OpenLibrary } from "../adaptors/library.ts";
import { mysqlLibraries } from "../adaptors/mysql-libraries.ts";
import { postgresLibraries } from "../adaptors/postgres-libraries.ts";
import { sqliteLibraries } from "../adaptors/sqlite-libraries.ts";
import { type OwnTables, ownTables } from "../own-tables.ts";
import { type Charge, declared, type Executor, inboxOf } from "./charges.ts";

function suite(open: OpenLibrary): void {
  const state: { library?: Library; tables?: OwnTables } = {};
  const inbox = (): SqlInbox<Executor> => inboxOf(state.library!, state.tables!);
  const transaction = async (work: Work<Executor>): Promise<void> => await state.library!.transaction(work);
  const effect = async (tx: Executor, id: string): Promise<void> =>
    void (await tx.query(`INSERT INTO ${state.tables!.table("effect")} (id, worker) VALUES ($1, $2)`, [id, "me"]));
  const effects = async (id: string): Promise<number> => {
    const counted = await state.library!.autocommit.query(
      `SELECT COUNT(*) AS number FROM ${state.tables!.table("effect")} WHERE id = $1`,
      [id],
    );
    return Number(counted[0]!["number"]);
  };
  /** A worker in a broker of its own: two of them with the same id are two deliveries of one message. */
  const world = async (subscription: Subscription<Charge>, handler: Handler<Charge>, store?: SqlInbox<Executor>) => {
    const ends: PubSubEvent["type"][] = [];
    const pubsub = await connect(memory(), {
      ...(store === undefined ? {} : { inbox: store }),
      observer: ({ type }) => void (["ack", "retry", "dead-letter", "release"].includes(type) && ends.push(type)),
    });
    await pubsub.subscribe(subscription, handler);
    return { pubsub, ends, [Symbol.asyncDispose]: async () => await pubsub.close() };
  };

  beforeAll(async () => {
    state.library = await open();
    state.tables = await ownTables(state.library);
  });
  afterAll(async () => {
    await state.tables?.drop();
    await state.library?.close();
  });

  test("a commit whose answer was lost: the redelivery does not run", async () => {
    const { topic, bill } = declared();
    let commits = 0;
    const ambiguous = async (work: Work<Executor>): Promise<void> => {
      await transaction(work);
      commits += 1;
      if (commits === 1) throw new Error("the connection was lost");
    };
    let runs = 0;
    const handler = inbox().inTransaction(bill, ambiguous, async (_event, { id, tx }) => {
      runs += 1;
      await effect(tx, id);
    });
    await using one = await world(bill, handler);
    const id = await one.pubsub.publish(topic, { amount: 1 });
    await expect.poll(() => one.ends).toEqual(["retry", "ack"]);
    expect({ runs, commits, effects: await effects(id) }).toEqual({ runs: 1, commits: 2, effects: 1 });
  });

  test("a handler that throws rolls back effect and mark, and its retry runs", async () => {
    const { topic, bill } = declared();
    const handler = inbox().inTransaction(bill, transaction, async (_event, { id, attempt, tx }) => {
      await effect(tx, id);
      if (attempt === 1) throw new Error("not now");
    });
    await using one = await world(bill, handler);
    const id = await one.pubsub.publish(topic, { amount: 1 });
    await expect.poll(() => one.ends).toEqual(["retry", "ack"]);
    expect(await effects(id)).toBe(1);
  });

  test("on an exactly-once topic with the same store: the claim becomes the mark, and is acknowledged", async () => {
    const { topic, bill } = declared("exactly-once");
    const store = inbox();
    const handler = store.inTransaction(bill, transaction, async (_event, { id, attempt, tx }) => {
      await effect(tx, id);
      if (attempt === 1) throw new Error("not now");
    });
    await using one = await world(bill, handler, store);
    const id = await one.pubsub.publish(topic, { amount: 1 });
    await expect.poll(() => one.ends).toEqual(["retry", "ack"]);
    expect(await effects(id)).toBe(1);
    expect((await store.claim(`${topic.name}/bill`, id, 1000)).state).toBe("completed");
  });

  test("context.inbox.complete: effect and mark are committed together, and a late error undoes neither", async () => {
    const { topic, bill } = declared("exactly-once");
    await using one = await world(
      bill,
      async (_event, { id, inbox }) => {
        await transaction(async (tx) => {
          await effect(tx, id);
          await inbox?.complete(tx);
        });
        throw new Error("after the commit");
      },
      inbox(),
    );
    const id = await one.pubsub.publish(topic, { amount: 1 });
    await expect.poll(() => one.ends).toEqual(["retry", "ack"]);
    expect(await effects(id)).toBe(1);
  });

  test("context.inbox.complete: rolled back with the transaction, the message runs again", async () => {
    const { topic, bill } = declared("exactly-once");
    await using one = await world(
      bill,
      async (_event, { id, attempt, inbox }) => {
        await transaction(async (tx) => {
          await effect(tx, id);
          await inbox?.complete(tx);
          if (attempt === 1) throw new Error("before the commit");
        });
      },
      inbox(),
    );
    const id = await one.pubsub.publish(topic, { amount: 1 });
    await expect.poll(() => one.ends).toEqual(["retry", "ack"]);
    expect(await effects(id)).toBe(1);
  });

  test("context.inbox.complete: a handler whose claim another has taken rolls back", async () => {
    const { topic, bill } = declared("exactly-once");
    const { table } = state.tables!;
    const past = { postgres: "'-infinity'", mysql: "'2000-01-01'", sqlite: "0" }[state.library!.dialect];
    const errors: unknown[] = [];
    await using one = await world(
      bill,
      async (_event, { id, attempt, inbox }) => {
        // What another process does that has claimed the message, and dies.
        if (attempt === 1) {
          const lapse = `UPDATE ${table("inbox")} SET token = 'of another', lease_until = ${past} WHERE message_id = $1`;
          await state.library!.autocommit.query(lapse, [id]);
        }
        const work = transaction(async (tx) => {
          await effect(tx, id);
          await inbox?.complete(tx);
        });
        await work.catch((error: unknown) => {
          errors.push(error);
          throw error;
        });
      },
      inbox(),
    );
    const id = await one.pubsub.publish(topic, { amount: 1 });
    await expect.poll(() => one.ends).toEqual(["retry", "ack"]);
    expect(errors).toEqual([expect.objectContaining({ code: "LEASE_LOST" })]);
    expect(await effects(id)).toBe(1);
  });
}

const hasPostgres = await databaseServerOrSkip(postgresUrl);
const hasMysql = await databaseServerOrSkip(mysqlUrl);

describe.skipIf(!hasPostgres)("on PostgreSQL", () => {
  describe.each(Object.entries(postgresLibraries))("%s", (_, open) => {
    suite(open);
  });
});
describe.skipIf(!hasMysql)("on MySQL", () => {
  describe.each(Object.entries(mysqlLibraries))("%s", (_, open) => {
    suite(open);
  });
});
describe("on SQLite", () => {
  describe.each(Object.entries(sqliteLibraries))("%s", (_, open) => {
    suite(open);
  });
});
