import type { Dialect, SqlValue, TableNames } from "@anytopic/sql";

import { type OrderingLock, outboxNumber } from "./ordering-lock.ts";

/** The columns of a row, in the order of its placeholders. */
export const COLUMNS = "lane, topic, message_id, ordering_key, body, attributes, publish_time";
export const COLUMN_COUNT = 7;

/** What differs between the dialects. `at` is the number of a placeholder. */
export interface InsertWords {
  /** The placeholders of one row, with types where the server cannot know them. */
  row(at: number): string;
  time(ms: number): SqlValue;
  /** `undefined` where locks are not needed. */
  readonly locking: LockWords | undefined;
}

export interface LockWords {
  value(lock: OrderingLock): number;
  /** Takes the locks of so many placeholders, in their order. */
  take(table: TableNames, count: number): string;
  /** Takes a lock, which is the first value, and inserts a row, whose number is drawn after that. */
  insert(table: TableNames): string;
}

const placeholders = (at: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `$${at + n}`);
const plainRow = (at: number): string => placeholders(at, COLUMN_COUNT).join(", ");

const TYPES = ["smallint", "text", "text", "text", "bytea", "text"];

const postgres: InsertWords = {
  row: (at) =>
    `${TYPES.map((type, n) => `$${at + n}::${type}`).join(", ")}, to_timestamp($${at + TYPES.length}::float8 / 1000)`,
  time: (ms) => ms,
  locking: {
    value: ({ number }) => number,
    take: (table, count) =>
      `SELECT pg_advisory_xact_lock(${outboxNumber(table("outbox"))}, number)::text AS taken FROM (VALUES ${placeholders(
        1,
        count,
      )
        .map((one) => `(${one}::int)`)
        .join(", ")}) AS locks (number)`,
    insert: (table) =>
      `WITH key AS MATERIALIZED (SELECT pg_advisory_xact_lock(${outboxNumber(table("outbox"))}, $1::int)) INSERT INTO ${table("outbox")} (${COLUMNS}) SELECT ${postgres.row(2)} FROM key`,
  },
};

const mysql: InsertWords = {
  row: plainRow,
  // UTC, as DATETIME is written.
  time: (ms) => new Date(ms).toISOString().replace("T", " ").slice(0, -1),
  locking: {
    value: ({ bucket }) => bucket,
    take: (table, count) =>
      `SELECT bucket FROM ${table("outbox_key")} WHERE bucket IN (${placeholders(1, count).join(", ")}) ORDER BY bucket FOR UPDATE`,
    // Not INSERT … SELECT: MariaDB then locks the counter of the table until the statement ends, and would insert nothing if the row was
    // missing. The values of a row are computed before its number is drawn.
    insert: (table) =>
      `INSERT INTO ${table("outbox")} (${COLUMNS}) VALUES (0 * (SELECT bucket FROM ${table("outbox_key")} WHERE bucket = $1 FOR UPDATE) + ${plainRow(2)})`,
  },
};

/** One transaction writes at a time, from its first write to its commit. */
const sqlite: InsertWords = { row: plainRow, time: (ms) => ms, locking: undefined };

export const INSERT_WORDS: Readonly<Record<Dialect, InsertWords>> = { postgres, mysql, sqlite };
