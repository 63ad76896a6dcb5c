import { randomUUID } from "node:crypto";
import { applyMigrations, tableNames } from "@anytopic/sql";
import type { Library } from "./adaptors/library.ts";

/** The tables of one test, which nobody else uses. */
export interface OwnTables {
  readonly tablePrefix: string;
  /** The quoted name. */
  readonly table: (name: string) => string;
  readonly drop: () => Promise<void>;
}

const TABLES = [
  "inbox",
  "outbox",
  "outbox_lane",
  "outbox_key",
  "outbox_hold",
  "outbox_parked",
  "scheduled",
  "archive",
  "migration",
  "effect",
];

/** Applies all migrations, and makes a table `effect(id, worker)` without a key: an effect that happens twice must be seen. */
export async function ownTables(library: Library): Promise<OwnTables> {
  const { dialect, autocommit } = library;
  const tablePrefix = `t${randomUUID().replaceAll("-", "").slice(0, 20)}_`;
  const table = tableNames(dialect, { tablePrefix });
  await library.transaction(async (executor) => void (await applyMigrations(executor, { dialect, tablePrefix })));
  await autocommit.query(`CREATE TABLE ${table("effect")} (id varchar(128), worker varchar(64))`, []);
  return {
    tablePrefix,
    table,
    async drop() {
      for (const name of TABLES) await autocommit.query(`DROP TABLE IF EXISTS ${table(name)}`, []);
    },
  };
}
