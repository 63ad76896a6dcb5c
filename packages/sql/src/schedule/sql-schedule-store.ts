import { randomUUID } from "node:crypto";
import type { Attributes, DueMessage, ScheduledEntry, ScheduledMessage, ScheduleStore } from "@anytopic/core";
import type { Dialect } from "../dialect.ts";
import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import type { SqlPool } from "../pool.ts";
import type { TableOptions } from "../table-names.ts";
import { type NewRow, type RowKey, ScheduleStatements, type Statement } from "./schedule-statements.ts";

/** Bytes of bodies that one statement inserts, or one claim reads, if there is more than one message. Below the `max_allowed_packet` of MySQL, 16 MiB. */
const MOST_BYTES = 4_194_304;

/**
 * A schedule store in the table `anytopic_scheduled`, for `connect(…, { schedule: sqlScheduleStore(pool) })`. It needs migration 3, see
 * `applyMigrations`, and for its role the grants of the task `"schedule"`. What is due is decided by the database's clock.
 *
 * All methods may be called concurrently, and by several processes. They reject with the library's own errors.
 *
 * @throws TypeError when an option is not allowed
 */
export function sqlScheduleStore(pool: SqlPool, options: TableOptions = {}): ScheduleStore {
  const statements = new ScheduleStatements(pool.dialect, options);
  return Object.freeze({
    add: async (messages: readonly ScheduledMessage[]) => await add(pool, statements, messages),
    cancel: async (topic: string, id: string) => await cancel(pool, statements, { topic, id }),
    async list(topic: string, limit: number): Promise<readonly ScheduledEntry[]> {
      return (await pool.query(...statements.list(topic, limit))).map(entryOf);
    },
    async claimDue(topics: readonly string[], limit: number, leaseMs: number): Promise<readonly DueMessage[]> {
      // Mostly nothing is due, and that costs no transaction.
      if ((await nextDueMs(pool, statements, topics)) !== 0) return [];
      const claim = randomUUID();
      if (pool.dialect === "mysql")
        return await pool.transaction(async (tx) => await claimDue(tx, statements, topics, limit, { claim, leaseMs }));
      const rows = await pool.query(...statements.claimReturning(topics, limit, MOST_BYTES, claim, leaseMs));
      return rows
        .toSorted((one, other) => Number(one["due_ms"]) - Number(other["due_ms"]))
        .map((row) => claimed(row, claim));
    },
    async done(tokens: readonly string[]): Promise<void> {
      for (const [claim, keys] of byClaim(tokens)) await pool.query(...statements.done(keys, claim));
    },
    async again(token: string, delayMs: number): Promise<void> {
      for (const [claim, [key]] of byClaim([token])) {
        if (key !== undefined) await pool.query(...statements.again(key, claim, delayMs));
      }
    },
    nextDueMs: async (topics: readonly string[]) => await nextDueMs(pool, statements, topics),
  });
}

/**
 * The statements that add messages to the table of `sqlScheduleStore` in a transaction of the application. One whose id is there already
 * changes nothing. The role needs the grants of the task `"schedule"`.
 *
 * @throws TypeError when an option is not allowed
 */
export function scheduleInserts(
  dialect: Dialect,
  options: TableOptions = {},
): (messages: readonly ScheduledMessage[]) => readonly ScheduleInsert[] {
  const statements = new ScheduleStatements(dialect, options);
  return (messages) => insertsOf(statements, messages).map(([sql, params]) => ({ sql, params }));
}

/** One statement, for `SqlExecutor.query`. */
export interface ScheduleInsert {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

function insertsOf(statements: ScheduleStatements, messages: readonly ScheduledMessage[]): readonly Statement[] {
  return inParts(messages.map(rowOf), ({ body }) => body.byteLength).map((part) => statements.insert(part));
}

async function add(
  pool: SqlPool,
  statements: ScheduleStatements,
  messages: readonly ScheduledMessage[],
): Promise<void> {
  const inserts = insertsOf(statements, messages);
  const insert = async (executor: SqlExecutor): Promise<void> => {
    for (const statement of inserts) await executor.query(...statement);
  };
  await (inserts.length === 1 ? insert(pool) : pool.transaction(insert));
}

/** One statement where the database can return what it has removed: on SQLite, other clients of this process must not wait for a transaction. */
async function cancel(pool: SqlPool, statements: ScheduleStatements, key: RowKey): Promise<boolean> {
  const removed =
    pool.dialect === "mysql"
      ? await pool.transaction(async (tx) => {
          const rows = await tx.query(...statements.lockOne(key));
          if (rows.length > 0) await tx.query(...statements.remove(key));
          return rows;
        })
      : await pool.query(...statements.removeReturning(key));
  return removed.length > 0 && Number(removed[0]?.["attempts"]) === 0;
}

async function claimDue(
  tx: SqlExecutor,
  statements: ScheduleStatements,
  topics: readonly string[],
  limit: number,
  { claim, leaseMs }: { readonly claim: string; readonly leaseMs: number },
): Promise<readonly DueMessage[]> {
  const locked = await tx.query(...statements.lockDue(topics, limit));
  const [keys = []] = inParts(locked, ({ bytes }) => Number(bytes)).map((part) => part.map(keyOf));
  if (keys.length === 0) return [];
  await tx.query(...statements.claim(keys, claim, leaseMs));
  const rows = await tx.query(...statements.read(keys));
  return rows.map((row) => claimed(row, claim));
}

async function nextDueMs(
  executor: SqlExecutor,
  statements: ScheduleStatements,
  topics: readonly string[],
): Promise<number | undefined> {
  if (topics.length === 0) return undefined;
  const [row] = await executor.query(...statements.next(topics));
  const next = row?.["next_ms"] ?? undefined;
  return next === undefined ? undefined : Math.max(0, Number(next) - Number(row?.["now_ms"]));
}

function rowOf({ topic, id, body, attributes, publishTimeMs, due }: ScheduledMessage): NewRow {
  const isDelay = due.delayMs !== undefined;
  return {
    topic,
    id,
    dueMs: Math.ceil(due.delayMs ?? due.atMs),
    isDelay,
    body,
    attributes: JSON.stringify(attributes),
    publishMs: Math.trunc(publishTimeMs),
  };
}

function entryOf(row: SqlRow): ScheduledEntry {
  return {
    id: String(row["message_id"]),
    deliverAtMs: Number(row["due_ms"]),
    publishTimeMs: Number(row["publish_ms"]),
    attempts: Number(row["attempts"]),
  };
}

function claimed(row: SqlRow, claim: string): DueMessage {
  return {
    token: tokenOf(claim, keyOf(row)),
    ...keyOf(row),
    body: row["body"] as Uint8Array,
    attributes: JSON.parse(String(row["attributes"])) as Attributes,
    publishTimeMs: Number(row["publish_ms"]),
    attempt: Number(row["attempts"]),
  };
}

function keyOf(row: SqlRow): RowKey {
  return { topic: String(row["topic"]), id: String(row["message_id"]) };
}

/** Neither topics nor ids have spaces. */
function tokenOf(claim: string, { topic, id }: RowKey): string {
  return `${claim} ${topic} ${id}`;
}

/** The rows of each claim. What is no token of ours names none. */
function byClaim(tokens: readonly string[]): ReadonlyMap<string, readonly RowKey[]> {
  const found = new Map<string, RowKey[]>();
  for (const token of tokens) {
    const [claim, topic, id] = token.split(" ");
    if (claim === undefined || topic === undefined || id === undefined) continue;
    found.set(claim, [...(found.get(claim) ?? []), { topic, id }]);
  }
  return found;
}

/** Parts of at most `MOST_BYTES`, each with at least one. */
function inParts<Item>(items: readonly Item[], bytesOf: (item: Item) => number): Item[][] {
  const parts: Item[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    bytes += bytesOf(item);
    if (bytes > MOST_BYTES) {
      parts.push([]);
      bytes = bytesOf(item);
    }
    parts.at(-1)?.push(item);
  }
  return parts;
}
