import type { Dialect } from "@anytopic/sql";
import { joined, sql, type Statement, text } from "./statement.ts";

/** Where the dialects differ. Times are the database's own. */
export interface Words {
  /** Now. */
  readonly now: Statement;
  /** So many ms from now. */
  later(ms: number): Statement;
  /** Later than anything. */
  readonly never: Statement;
  /** A time column in Unix ms. */
  unixMs(column: Statement): Statement;
  /** The type of a text. */
  readonly text: Statement;
  /** The bytes of a body. */
  bytes(column: Statement): Statement;
  /** Locks the rows of a query, and leaves out those that others have locked. */
  readonly lockFree: Statement;
  /** Locks the rows of a query, and waits for those that others have locked. */
  readonly lock: Statement;
  /** Whether a number is in a list. */
  isOneOf(column: Statement, numbers: readonly number[]): Statement;
  /** Makes the planner use the primary key, where it could choose another index for the sake of the order. */
  readonly byPrimaryKey: Statement;
  /** Ends an INSERT of a row whose key may exist: then these columns get the new values. */
  orUpdate(key: readonly string[], columns: readonly string[]): Statement;
}

const onConflict = (key: readonly string[], columns: readonly string[]): Statement =>
  text(
    `ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(", ")}`,
  );

const postgres: Words = {
  now: text("now()"),
  later: (ms) => sql`now() + ${ms} * interval '1 millisecond'`,
  never: text("'infinity'::timestamptz"),
  unixMs: (column) => sql`floor(extract(epoch FROM ${column}) * 1000)::float8`,
  text: text("text"),
  bytes: (column) => sql`octet_length(${column})`,
  lockFree: text("FOR UPDATE SKIP LOCKED"),
  lock: text("FOR UPDATE"),
  isOneOf: (column, numbers) => sql`${column} = ANY (string_to_array(${numbers.join(",")}, ',')::bigint[])`,
  byPrimaryKey: text(""),
  orUpdate: onConflict,
};

/** Lists of values are filled up to one of these lengths, so that a server and its library keep few statements. */
const LIST_LENGTHS = [1, 4, 16, 64, 128, 256, 512];

const mysql: Words = {
  now: text("UTC_TIMESTAMP(3)"),
  later: (ms) => sql`UTC_TIMESTAMP(3) + INTERVAL ${Math.round(ms * 1000)} MICROSECOND`,
  never: text("'9999-12-31 23:59:59'"),
  unixMs: (column) => sql`CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${column}) / 1000 AS DOUBLE)`,
  text: text("char"),
  bytes: (column) => sql`LENGTH(${column})`,
  lockFree: text("FOR UPDATE SKIP LOCKED"),
  lock: text("FOR UPDATE"),
  isOneOf(column, numbers) {
    const length = LIST_LENGTHS.find((one) => one >= numbers.length) ?? numbers.length;
    const last = numbers.at(-1) as number;
    const all = Array.from({ length }, (_, index) => sql`${numbers[index] ?? last}`);
    return sql`${column} IN (${joined(all, ", ")})`;
  },
  byPrimaryKey: text("FORCE INDEX (PRIMARY)"),
  orUpdate: (_key, columns) =>
    text(`ON DUPLICATE KEY UPDATE ${columns.map((name) => `${name} = VALUES(${name})`).join(", ")}`),
};

const sqlite: Words = {
  now: text("CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
  later: (ms) => sql`CAST(unixepoch('subsec') * 1000 AS INTEGER) + ${Math.round(ms)}`,
  // The end of the year 9999.
  never: text("253402300799999"),
  unixMs: (column) => column,
  text: text("text"),
  bytes: (column) => sql`length(${column})`,
  // A transaction is the only one that writes.
  lockFree: text(""),
  lock: text(""),
  isOneOf: (column, numbers) => sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(numbers)}))`,
  // The primary key is the number alone. The planner prefers the index of which it knows more columns.
  byPrimaryKey: text(""),
  orUpdate: onConflict,
};

export const WORDS: Readonly<Record<Dialect, Words>> = { postgres, mysql, sqlite };
