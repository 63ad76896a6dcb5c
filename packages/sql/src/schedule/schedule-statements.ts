import type { Dialect } from "../dialect.ts";
import type { SqlValue } from "../executor.ts";
import { tableNames, type TableOptions } from "../table-names.ts";

/** A statement with its parameters, for `SqlExecutor.query`. */
export type Statement = readonly [sql: string, params: readonly SqlValue[]];

/** Which row: topic and id. */
export interface RowKey {
  readonly topic: string;
  readonly id: string;
}

/** A row to insert. `dueMs` is a time, or with `isDelay` counts from the database's now. */
export interface NewRow extends RowKey {
  readonly dueMs: number;
  readonly isDelay: boolean;
  readonly body: Uint8Array;
  readonly attributes: string;
  readonly publishMs: number;
}

/** The database's own time, in whole Unix ms: rounded down, so that nothing is early. Of MySQL in UTC, because local time has an hour twice. */
const NOW: Readonly<Record<Dialect, string>> = {
  postgres: "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
  mysql: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000)",
  sqlite: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
};

/** Where a row that is there already stays as it is. */
const UNLESS_THERE: Readonly<Record<Dialect, string>> = {
  postgres: " ON CONFLICT DO NOTHING",
  mysql: " ON DUPLICATE KEY UPDATE attempts = attempts",
  sqlite: " ON CONFLICT DO NOTHING",
};

/** Of a message that was claimed. */
const COLUMNS = "topic, message_id, body, attributes, publish_ms, attempts";

/** Collects the parameters of one statement. Their numbers must be in the order of the text. */
class Params {
  readonly values: SqlValue[] = [];
  readonly #isPostgres: boolean;

  constructor(dialect: Dialect) {
    this.#isPostgres = dialect === "postgres";
  }

  text(value: string): string {
    return this.#add(value, "text");
  }

  number(value: number): string {
    return this.#add(value, "bigint");
  }

  bytes(value: Uint8Array): string {
    return this.#add(value, "bytea");
  }

  list(values: readonly string[]): string {
    return values.map((value) => this.text(value)).join(", ");
  }

  #add(value: SqlValue, type: string): string {
    this.values.push(value);
    return `$${this.values.length}${this.#isPostgres ? `::${type}` : ""}`;
  }
}

/** The statements of the table of scheduled messages, for one dialect. */
export class ScheduleStatements {
  readonly #dialect: Dialect;
  readonly #table: string;
  readonly #now: string;

  /** @throws TypeError when an option is not allowed */
  constructor(dialect: Dialect, options: TableOptions) {
    this.#dialect = dialect;
    this.#table = tableNames(dialect, options)("scheduled");
    this.#now = NOW[dialect];
  }

  insert(rows: readonly NewRow[]): Statement {
    const params = this.#params();
    const due = ({ dueMs, isDelay }: NewRow): string =>
      // The next whole ms: the database's time is rounded down.
      isDelay ? `${this.#now} + 1 + ${params.number(dueMs)}` : params.number(dueMs);
    const values = rows.map(
      (row) =>
        `(${params.text(row.topic)}, ${params.text(row.id)}, ${due(row)}, ${due(row)}, ${params.bytes(row.body)}, ${params.text(row.attributes)}, ${params.number(row.publishMs)})`,
    );
    const columns = "topic, message_id, due_ms, next_ms, body, attributes, publish_ms";
    return [
      `INSERT INTO ${this.#table} (${columns}) VALUES ${values.join(", ")}${UNLESS_THERE[this.#dialect]}`,
      params.values,
    ];
  }

  /** When the first can be claimed, and the time now. */
  next(topics: readonly string[]): Statement {
    const params = this.#params();
    return [
      `SELECT MIN(next_ms) AS next_ms, ${this.#now} AS now_ms FROM ${this.#table} WHERE topic IN (${params.list(topics)})`,
      params.values,
    ];
  }

  /**
   * Claims the first rows that can be claimed, until their bodies have `mostBytes` together, except those that somebody else has locked.
   * Not for MySQL, where an update returns no rows.
   */
  claimReturning(
    topics: readonly string[],
    limit: number,
    mostBytes: number,
    claim: string,
    leaseMs: number,
  ): Statement {
    const params = this.#params();
    const lock = this.#dialect === "postgres" ? " FOR UPDATE SKIP LOCKED" : "";
    const due = `SELECT topic, message_id, next_ms, length(body) AS bytes FROM ${this.#table} WHERE topic IN (${params.list(topics)}) AND next_ms <= ${this.#now} ORDER BY next_ms LIMIT ${Math.trunc(limit)}${lock}`;
    const sums =
      "SELECT topic, message_id, bytes, SUM(bytes) OVER (ORDER BY next_ms, topic, message_id) AS total FROM due";
    const set = `claim = ${params.text(claim)}, attempts = attempts + 1, next_ms = ${this.#now} + ${params.number(leaseMs)}`;
    const those = `(topic, message_id) IN (SELECT topic, message_id FROM sums WHERE total <= ${mostBytes} OR total = bytes)`;
    return [
      `WITH due AS MATERIALIZED (${due}), sums AS (${sums}) UPDATE ${this.#table} SET ${set} WHERE ${those} RETURNING ${COLUMNS}, due_ms`,
      params.values,
    ];
  }

  /** Locks rows that can be claimed, except those that somebody else has locked. */
  lockDue(topics: readonly string[], limit: number): Statement {
    const params = this.#params();
    const lock = this.#dialect === "sqlite" ? "" : " FOR UPDATE SKIP LOCKED";
    return [
      `SELECT topic, message_id, length(body) AS bytes FROM ${this.#table} WHERE topic IN (${params.list(topics)}) AND next_ms <= ${this.#now} ORDER BY next_ms LIMIT ${Math.trunc(limit)}${lock}`,
      params.values,
    ];
  }

  claim(keys: readonly RowKey[], claim: string, leaseMs: number): Statement {
    const params = this.#params();
    const set = `claim = ${params.text(claim)}, attempts = attempts + 1, next_ms = ${this.#now} + ${params.number(leaseMs)}`;
    return [`UPDATE ${this.#table} SET ${set} WHERE ${this.#these(keys, params)}`, params.values];
  }

  read(keys: readonly RowKey[]): Statement {
    const params = this.#params();
    return [`SELECT ${COLUMNS} FROM ${this.#table} WHERE ${this.#these(keys, params)} ORDER BY due_ms`, params.values];
  }

  done(keys: readonly RowKey[], claim: string): Statement {
    const params = this.#params();
    return [
      `DELETE FROM ${this.#table} WHERE claim = ${params.text(claim)} AND (${this.#these(keys, params)})`,
      params.values,
    ];
  }

  again(key: RowKey, claim: string, delayMs: number): Statement {
    const params = this.#params();
    const next = `${this.#now} + 1 + ${params.number(delayMs)}`;
    return [
      `UPDATE ${this.#table} SET next_ms = ${next}, claim = NULL WHERE claim = ${params.text(claim)} AND ${this.#these([key], params)}`,
      params.values,
    ];
  }

  /** Locks the row, when nobody publishes it now. */
  lockOne(key: RowKey): Statement {
    const params = this.#params();
    const lock = this.#dialect === "sqlite" ? "" : " FOR UPDATE";
    return [
      `SELECT attempts FROM ${this.#table} WHERE ${this.#these([key], params)} AND (claim IS NULL OR next_ms <= ${this.#now})${lock}`,
      params.values,
    ];
  }

  /** Removes the row, when nobody publishes it now. Not for MySQL. */
  removeReturning(key: RowKey): Statement {
    const params = this.#params();
    return [
      `DELETE FROM ${this.#table} WHERE ${this.#these([key], params)} AND (claim IS NULL OR next_ms <= ${this.#now}) RETURNING attempts`,
      params.values,
    ];
  }

  remove(key: RowKey): Statement {
    const params = this.#params();
    return [`DELETE FROM ${this.#table} WHERE ${this.#these([key], params)}`, params.values];
  }

  list(topic: string, limit: number): Statement {
    const params = this.#params();
    return [
      `SELECT message_id, due_ms, publish_ms, attempts FROM ${this.#table} WHERE topic = ${params.text(topic)} ORDER BY next_ms LIMIT ${Math.trunc(limit)}`,
      params.values,
    ];
  }

  #these(keys: readonly RowKey[], params: Params): string {
    const topics = [...new Set(keys.map(({ topic }) => topic))];
    const ofTopic = (topic: string): string => {
      const ids = keys.filter((key) => key.topic === topic).map(({ id }) => id);
      return `(topic = ${params.text(topic)} AND message_id IN (${params.list(ids)}))`;
    };
    return topics.map((topic) => ofTopic(topic)).join(" OR ");
  }

  #params(): Params {
    return new Params(this.#dialect);
  }
}
