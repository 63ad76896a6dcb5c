import { PubSubError } from "@anytopic/core";
import { type SqlPool, type SqlRow, tableNames, type TableOptions } from "@anytopic/sql";
import type { ArchivedMessage, ArchiveSelection, ArchiveStore } from "../archive-store.ts";
import { requireTopicName } from "../archived-topic.ts";
import { requireTime, type Selects, selects } from "../selects.ts";
import { type ArchiveTable, BEGINNING, insert, page, removeBefore } from "./archive-statements.ts";

/** Messages of one statement, of 7 values each: PostgreSQL and MySQL take 65,535, SQLite 32,766 (https://www.sqlite.org/limits.html, read 2026-11-26). */
const STATEMENT_ROWS = 1000;
/** Bytes of bodies of one statement, if it has more than one message. Below the `max_allowed_packet` of MySQL, 16 MiB. */
const STATEMENT_BYTES = 4 * 1024 * 1024;

/**
 * An archive in the table `anytopic_archive` of PostgreSQL, MySQL, MariaDB or SQLite. It needs migration 4, see `applyMigrations` of `@anytopic/sql`, and for its role
 * the grants of the task `"archive"`. An append is durable when it is committed, as the settings of the database say. All methods may be called
 * by several processes. They reject with the library's own errors. Reading asks for pages of at most 500 messages and 4 MiB.
 *
 * @param pool such as `pgPool(pool)`; it stays the caller's, and `close` leaves it open
 * @throws TypeError when an argument is not allowed
 */
export function sqlArchive(pool: SqlPool, options: TableOptions = {}): ArchiveStore {
  if (typeof pool?.query !== "function") throw new TypeError("pool must be a pool of @anytopic/sql: pgPool(pool)");
  const { dialect } = pool;
  return new SqlArchive(pool, { table: tableNames(dialect, options)("archive"), dialect });
}

class SqlArchive implements ArchiveStore {
  readonly #pool: SqlPool;
  readonly #table: ArchiveTable;
  readonly #appends = new Set<Promise<void>>();
  #isClosed = false;

  constructor(pool: SqlPool, table: ArchiveTable) {
    this.#pool = pool;
    this.#table = table;
  }

  async append(messages: readonly ArchivedMessage[]): Promise<void> {
    if (this.#isClosed) throw new PubSubError("CLOSED", "the archive is closed");
    for (const { topic } of messages) requireTopicName(topic);
    const appending = this.#append(messages);
    this.#appends.add(appending);
    try {
      await appending;
    } finally {
      this.#appends.delete(appending);
    }
  }

  async *read(selection: ArchiveSelection): AsyncGenerator<ArchivedMessage, void> {
    const selected = selects(selection);
    const { signal } = selection;
    let after = BEGINNING;
    for (;;) {
      signal?.throwIfAborted();
      const rows = await this.#pool.query(...page(this.#table, selected, selection, after));
      const last = rows.at(-1);
      if (last === undefined) return;
      for (const row of rows) {
        signal?.throwIfAborted();
        yield messageOf(selected, row);
      }
      after = { publishMs: Number(last["publish_ms"]), seq: Number(last["seq"]) };
    }
  }

  async prune(topic: string, before: Date): Promise<void> {
    const beforeMs = requireTime("before", before);
    await this.#pool.query(...removeBefore(this.#table, requireTopicName(topic), beforeMs));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#appends);
  }

  async #append(messages: readonly ArchivedMessage[]): Promise<void> {
    for (const part of inParts(messages)) await this.#pool.query(...insert(this.#table, part));
  }
}

function* inParts(messages: readonly ArchivedMessage[]): Generator<readonly ArchivedMessage[]> {
  let part: ArchivedMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const more = message.body.byteLength;
    if (part.length > 0 && (part.length === STATEMENT_ROWS || bytes + more > STATEMENT_BYTES)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += more;
  }
  if (part.length > 0) yield part;
}

function messageOf({ topic }: Selects, row: SqlRow): ArchivedMessage {
  const key = row["ordering_key"];
  const attributes = Object.create(null) as Record<string, string>;
  const stored = JSON.parse(String(row["attributes"])) as Readonly<Record<string, string>>;
  for (const [name, value] of Object.entries(stored)) attributes[name] = value;
  return {
    topic,
    id: String(row["message_id"]),
    body: row["body"] as Uint8Array,
    attributes: Object.freeze(attributes),
    orderingKey: typeof key === "string" ? (JSON.parse(key) as string) : undefined,
    publishTimeMs: Number(row["publish_ms"]),
  };
}
