import type { SqlValue } from "../executor.ts";

/** For libraries whose placeholders are question marks: our statements have each `$n` once and in order. */
export function withQuestionMarks(sql: string): string {
  return sql.replaceAll(/\$\d+/g, "?");
}

/** MySQL's DATETIME has no time zone, and a library writes a `Date` in its own. This package keeps UTC there. */
export function boundForMysql(params: readonly SqlValue[]): unknown[] {
  return params.map((value) => (value instanceof Date ? value.toISOString().replace("T", " ").slice(0, -1) : value));
}

/** SQLite has neither times nor truth values: a `Date` is ISO 8601 text in UTC, and a boolean is 1 or 0. */
export function boundForSqlite(params: readonly SqlValue[]): (string | number | bigint | Uint8Array | null)[] {
  return params.map((value) => {
    if (value instanceof Date) return value.toISOString();
    return typeof value === "boolean" ? Number(value) : value;
  });
}

/** The message says what was given and what to pass. */
export function noTransaction(given: string, instead: string): TypeError {
  return new TypeError(`${given} is no open transaction, so this would not be committed together with it: ${instead}`);
}
