import { databaseServerOrSkip, mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { connect, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import type { SqlInbox, Work } from "@anytopic/sql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Library, OpenLibrary } from "../adaptors/library.ts";
import { mysqlLibraries } from "../adaptors/mysql-libraries.ts";
import { postgresLibraries } from "../adaptors/postgres-libraries.ts";
import { type OwnTables, ownTables } from "../own-tables.ts";
import { declared, type Executor, inboxOf } from "./charges.ts";

/** How a transaction does not wait for long. */
interface Impatience {
  readonly lockTimeoutMs?: number;
  /** Statements at its start. */
  readonly before?: readonly string[];
}

/** What only a server does, where two transactions are open at once. */
function suite(open: OpenLibrary, impatience: Impatience): void {
  const state: { library?: Library; tables?: OwnTables } = {};
  const inbox = (): SqlInbox<Executor> => inboxOf(state.library!, state.tables!);
  beforeAll(async () => {
    state.library = await open();
    state.tables = await ownTables(state.library);
  });
  afterAll(async () => {
    await state.tables?.drop();
    await state.library?.close();
  });

  /** Two brokers deliver one message. The first handler waits in its transaction until it is told to end. */
  const race = async (firstEnds: "commits" | "rolls back", { before = [], ...options }: Impatience = {}) => {
    const { topic, bill } = declared();
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const ends: string[] = [];
    const runs: string[] = [];
    const library = state.library!;
    const { autocommit } = library;
    const subscriber = async (name: string): Promise<PubSub> => {
      const pubsub = await connect(memory(), {
        observer: ({ type }) => void (["ack", "retry", "dead-letter"].includes(type) && ends.push(`${name} ${type}`)),
      });
      const handler = inbox().inTransaction(
        bill,
        async (work: Work<Executor>) =>
          await library.transaction(async (tx) => {
            for (const statement of before) await tx.query(statement, []);
            await work(tx);
          }),
        async (_event, { id, tx }) => {
          runs.push(name);
          const into = `INSERT INTO ${state.tables!.table("effect")} (id, worker) VALUES ($1, $2)`;
          await tx.query(into, [id, name]);
          if (name !== "first" || runs.filter((run) => run === "first").length > 1) return;
          begun.resolve();
          await end.promise;
          if (firstEnds === "rolls back") throw new Error("not now");
        },
        options,
      );
      await pubsub.subscribe(bill, handler);
      return pubsub;
    };
    const [first, second] = [await subscriber("first"), await subscriber("second")];
    const id = await first.publish(topic, { amount: 1 });
    await begun.promise;
    await second.publish(topic, { amount: 1 }, { id });
    const effects = async (): Promise<unknown[]> =>
      (await autocommit.query(`SELECT worker FROM ${state.tables!.table("effect")} WHERE id = $1`, [id])).map(
        ({ worker }) => worker,
      );
    const close = async (): Promise<void> => void (await Promise.all([first.close(), second.close()]));
    return { end: end.resolve, ends, runs, effects, [Symbol.asyncDispose]: close };
  };

  test("two processes with the same message at once: the second waits, and does not run", async () => {
    await using both = await race("commits");
    both.end();
    await expect.poll(() => both.ends.toSorted()).toEqual(["first ack", "second ack"]);
    expect(both.runs).toEqual(["first"]);
    expect(await both.effects()).toEqual(["first"]);
  });

  test("two processes with the same message at once, and the first fails: the message is handled once", async () => {
    await using both = await race("rolls back");
    both.end();
    await expect.poll(() => both.ends.toSorted()).toEqual(["first ack", "first retry", "second ack"]);
    expect(await both.effects()).toHaveLength(1);
  });

  test("a wait that takes too long ends in a retry", { timeout: 30_000 }, async () => {
    await using both = await race("commits", impatience);
    await expect.poll(() => both.ends, { timeout: 20_000 }).toContain("second retry");
    both.end();
    await expect
      .poll(() => both.ends.filter((end) => end.endsWith("ack")).toSorted(), { timeout: 20_000 })
      .toEqual(["first ack", "second ack"]);
    expect(both.runs).toEqual(["first"]);
  });
}

const hasPostgres = await databaseServerOrSkip(postgresUrl);
const hasMysql = await databaseServerOrSkip(mysqlUrl);

describe.skipIf(!hasPostgres)("on PostgreSQL", () => {
  describe.each(Object.entries(postgresLibraries))("%s", (_, open) => {
    suite(open, { lockTimeoutMs: 300 });
  });
});
describe.skipIf(!hasMysql)("on MySQL", () => {
  describe.each(Object.entries(mysqlLibraries))("%s", (_, open) => {
    suite(open, { before: ["SET SESSION innodb_lock_wait_timeout = 1"] });
  });
});
