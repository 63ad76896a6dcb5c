import { tableNames } from "@anytopic/sql";
import { onTestFinished } from "vitest";
import type { TestDatabase } from "./databases.ts";
import { outboxOf, type Step } from "./story.ts";
import type { Topic } from "@anytopic/core";

export interface Writers {
  /** Stops them, and returns how many steps of each key were committed. */
  stop(): Promise<ReadonlyMap<string, number>>;
}

export interface WritersOptions {
  readonly count: number;
  readonly keys: readonly string[];
  /** Ends by itself when so many steps were committed. */
  readonly steps?: number;
}

/**
 * Writers that publish steps of the same keys in transactions of different lengths, of which some are rolled back. A counter in the
 * database numbers the steps of a key: its row is locked until the commit, so the numbers are the order of the commits.
 */
export async function startWriters(
  database: TestDatabase,
  topic: Topic<Step>,
  options: WritersOptions,
): Promise<Writers> {
  const { pool, dialect, tables } = database;
  const outbox = outboxOf(database);
  const counters = tableNames(dialect, { ...tables, tablePrefix: "test_" })("counters");
  await pool.query(`CREATE TABLE ${counters} (name varchar(20) PRIMARY KEY, number integer NOT NULL)`, []);
  for (const key of options.keys) await pool.query(`INSERT INTO ${counters} VALUES ($1, 0)`, [key]);
  const state = { stopped: false };
  let committed = 0;
  const lock = dialect === "sqlite" ? "" : " FOR UPDATE";
  const write = async (writer: number): Promise<void> => {
    for (let turn = writer; !state.stopped && committed < (options.steps ?? Number.POSITIVE_INFINITY); turn += 7) {
      const key = options.keys[turn % options.keys.length] as string;
      // Every eighth is rolled back. The database may be away.
      await pool
        .transaction(async (tx) => {
          const [row] = await tx.query(`SELECT number FROM ${counters} WHERE name = $1${lock}`, [key]);
          const number = Number(row?.["number"]) + 1;
          await outbox.publish(tx, topic, { key, number });
          await tx.query(`UPDATE ${counters} SET number = $1 WHERE name = $2`, [number, key]);
          for (let pause = 0; pause < turn % 4; pause += 1) await tx.query("SELECT 1 AS one", []);
          if (turn % 8 === 0) throw new Error("rolled back");
        })
        .then(
          () => (committed += 1),
          async () => await new Promise((resolve) => void setImmediate(resolve)),
        );
    }
  };
  const all = Promise.all(Array.from({ length: options.count }, async (_, writer) => await write(writer)));
  onTestFinished(() => {
    state.stopped = true;
  });
  return {
    async stop() {
      if (options.steps === undefined) state.stopped = true;
      await all;
      const rows = await pool.query(`SELECT name, number FROM ${counters}`, []);
      return new Map(rows.map((row) => [String(row["name"]), Number(row["number"])]));
    },
  };
}
