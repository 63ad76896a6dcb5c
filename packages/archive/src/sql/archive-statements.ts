import { createHash } from "node:crypto";
import type { Dialect, SqlValue } from "@anytopic/sql";
import type { ArchivedMessage, ArchiveSelection } from "../archive-store.ts";
import { recordLine } from "../record.ts";
import type { Selects } from "../selects.ts";

export type Statement = readonly [sql: string, params: readonly SqlValue[]];

/** The quoted name of the table, and what its database speaks. */
export interface ArchiveTable {
  readonly table: string;
  readonly dialect: Dialect;
}

/** Where a page ends. */
export interface PageEnd {
  readonly publishMs: number;
  readonly seq: number;
}

/** Rows of a page, and bytes of their bodies when it has more than one. */
const PAGE_ROWS = 500;
const PAGE_BYTES = 4 * 1024 * 1024;
const COLUMNS = "publish_ms, seq, message_id, ordering_key, attributes, body";

/** Before the first message. */
export const BEGINNING: PageEnd = { publishMs: -1, seq: 0 };

/** Behind an insert: a row that is there already stays as it is. Not `INSERT IGNORE` of MySQL, which cuts off what is too long. */
const UNLESS_THERE: Readonly<Record<Dialect, string>> = {
  postgres: " ON CONFLICT DO NOTHING",
  sqlite: " ON CONFLICT DO NOTHING",
  mysql: " ON DUPLICATE KEY UPDATE publish_ms = publish_ms",
};

/** Collects the parameters of one statement, whose numbers must be in the order of the text. */
class Params {
  readonly values: SqlValue[] = [];
  readonly #isPostgres: boolean;

  constructor(dialect: Dialect) {
    this.#isPostgres = dialect === "postgres";
  }

  add(value: SqlValue, type: "text" | "bigint" | "bytea"): string {
    this.values.push(value);
    return `$${this.values.length}${this.#isPostgres ? `::${type}` : ""}`;
  }

  texts(values: readonly string[]): string {
    return values.map((value) => this.add(value, "text")).join(", ");
  }
}

/** Adds messages. Those that are there already change nothing. */
export function insert({ table, dialect }: ArchiveTable, messages: readonly ArchivedMessage[]): Statement {
  const params = new Params(dialect);
  const rows = messages.map((message) => {
    const { topic, id, body, attributes, orderingKey, publishTimeMs } = message;
    const values = [
      params.add(topic, "text"),
      params.add(publishTimeMs, "bigint"),
      params.add(id, "text"),
      params.add(createHash("sha256").update(recordLine(message)).digest(), "bytea"),
      params.add(orderingKey === undefined ? null : JSON.stringify(orderingKey), "text"),
      params.add(JSON.stringify(attributes), "text"),
      params.add(Buffer.from(body.buffer, body.byteOffset, body.byteLength), "bytea"),
    ];
    return `(${values.join(", ")})`;
  });
  const columns = "topic, publish_ms, message_id, digest, ordering_key, attributes, body";
  return [`INSERT INTO ${table} (${columns}) VALUES ${rows.join(", ")}${UNLESS_THERE[dialect]}`, params.values];
}

/** The next messages behind a page. */
export function page(
  { table, dialect }: ArchiveTable,
  { topic, fromMs, toMs }: Selects,
  { ids, keys }: Pick<ArchiveSelection, "ids" | "keys">,
  after: PageEnd,
): Statement {
  const params = new Params(dialect);
  const conditions = [
    `topic = ${params.add(topic, "text")}`,
    `(publish_ms, seq) > (${params.add(after.publishMs, "bigint")}, ${params.add(after.seq, "bigint")})`,
  ];
  if (Number.isFinite(fromMs)) conditions.push(`publish_ms >= ${params.add(fromMs, "bigint")}`);
  if (Number.isFinite(toMs)) conditions.push(`publish_ms < ${params.add(toMs, "bigint")}`);
  if (ids !== undefined) conditions.push(ids.length === 0 ? "1 = 0" : `message_id IN (${params.texts(ids)})`);
  if (keys !== undefined) {
    const wanted = keys.map((key) => JSON.stringify(key));
    conditions.push(keys.length === 0 ? "1 = 0" : `ordering_key IN (${params.texts(wanted)})`);
  }
  const rows = `SELECT ${COLUMNS} FROM ${table} WHERE ${conditions.join(" AND ")} ORDER BY publish_ms, seq LIMIT ${PAGE_ROWS}`;
  const sums = `SELECT ${COLUMNS}, length(body) AS bytes, SUM(length(body)) OVER (ORDER BY publish_ms, seq) AS total FROM (${rows}) AS found`;
  return [
    `SELECT ${COLUMNS} FROM (${sums}) AS sums WHERE total <= ${PAGE_BYTES} OR total = bytes ORDER BY publish_ms, seq`,
    params.values,
  ];
}

export function removeBefore({ table, dialect }: ArchiveTable, topic: string, beforeMs: number): Statement {
  const params = new Params(dialect);
  const where = `topic = ${params.add(topic, "text")} AND publish_ms < ${params.add(beforeMs, "bigint")}`;
  return [`DELETE FROM ${table} WHERE ${where}`, params.values];
}
