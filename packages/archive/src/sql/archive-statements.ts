import { createHash } from "node:crypto";
import type { SqlValue } from "@anytopic/sql";
import type { ArchivedMessage, ArchiveSelection } from "../archive-store.ts";
import { recordLine } from "../record.ts";
import type { Selects } from "../selects.ts";

export type Statement = readonly [sql: string, params: readonly SqlValue[]];

/** Where a page ends. */
export interface PageEnd {
  readonly publishMs: string;
  readonly seq: string;
}

/** Rows of a page, and bytes of their bodies when it has more than one. */
const PAGE_ROWS = 500;
const PAGE_BYTES = 4 * 1024 * 1024;
const COLUMNS = "publish_ms, seq, message_id, ordering_key, attributes, body";

/** Before the first message. */
export const BEGINNING: PageEnd = { publishMs: "-1", seq: "0" };

/** Collects the parameters of one statement, whose numbers must be in the order of the text. */
class Params {
  readonly values: SqlValue[] = [];

  add(value: SqlValue, type: "text" | "bigint" | "bytea"): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }

  texts(values: readonly string[]): string {
    return values.map((value) => this.add(value, "text")).join(", ");
  }
}

/** Adds messages. Those that are there already change nothing. */
export function insert(table: string, messages: readonly ArchivedMessage[]): Statement {
  const params = new Params();
  const rows = messages.map((message) => {
    const { topic, id, body, attributes, orderingKey, publishTimeMs } = message;
    const values = [
      params.add(topic, "text"),
      params.add(String(publishTimeMs), "bigint"),
      params.add(id, "text"),
      params.add(createHash("sha256").update(recordLine(message)).digest(), "bytea"),
      params.add(orderingKey === undefined ? null : JSON.stringify(orderingKey), "text"),
      params.add(JSON.stringify(attributes), "text"),
      params.add(Buffer.from(body.buffer, body.byteOffset, body.byteLength), "bytea"),
    ];
    return `(${values.join(", ")})`;
  });
  const columns = "topic, publish_ms, message_id, digest, ordering_key, attributes, body";
  return [`INSERT INTO ${table} (${columns}) VALUES ${rows.join(", ")} ON CONFLICT DO NOTHING`, params.values];
}

/** The next messages behind a page. */
export function page(
  table: string,
  { topic, fromMs, toMs }: Selects,
  { ids, keys }: Pick<ArchiveSelection, "ids" | "keys">,
  after: PageEnd,
): Statement {
  const params = new Params();
  const conditions = [
    `topic = ${params.add(topic, "text")}`,
    `(publish_ms, seq) > (${params.add(after.publishMs, "bigint")}, ${params.add(after.seq, "bigint")})`,
  ];
  if (Number.isFinite(fromMs)) conditions.push(`publish_ms >= ${params.add(String(fromMs), "bigint")}`);
  if (Number.isFinite(toMs)) conditions.push(`publish_ms < ${params.add(String(toMs), "bigint")}`);
  if (ids !== undefined) conditions.push(ids.length === 0 ? "false" : `message_id IN (${params.texts(ids)})`);
  if (keys !== undefined) {
    const wanted = keys.map((key) => JSON.stringify(key));
    conditions.push(keys.length === 0 ? "false" : `ordering_key IN (${params.texts(wanted)})`);
  }
  const rows = `SELECT ${COLUMNS} FROM ${table} WHERE ${conditions.join(" AND ")} ORDER BY publish_ms, seq LIMIT ${PAGE_ROWS}`;
  const sums = `SELECT ${COLUMNS}, length(body) AS bytes, SUM(length(body)) OVER (ORDER BY publish_ms, seq) AS total FROM (${rows}) AS rows`;
  return [
    `SELECT ${COLUMNS} FROM (${sums}) AS sums WHERE total <= ${PAGE_BYTES} OR total = bytes ORDER BY publish_ms, seq`,
    params.values,
  ];
}

export function removeBefore(table: string, topic: string, beforeMs: number): Statement {
  const params = new Params();
  const where = `topic = ${params.add(topic, "text")} AND publish_ms < ${params.add(String(beforeMs), "bigint")}`;
  return [`DELETE FROM ${table} WHERE ${where}`, params.values];
}
