import type { ScheduledMessage } from "@anytopic/core";
import type { EncodedPublish, RelayMessage } from "@anytopic/core/relay";
import {
  type Dialect,
  scheduleInserts,
  type SqlValue,
  type TableNames,
  tableNames,
  type TableOptions,
} from "@anytopic/sql";

import { COLUMN_COUNT, COLUMNS, INSERT_WORDS, type InsertWords } from "./insert-words.ts";
import { type Placement, placementOf } from "./ordering-lock.ts";

/** A statement with its values. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** What is inserted: into the table of scheduled messages when it is not due yet. */
type Insert = Pick<EncodedPublish, "message" | "due">;

/** A message that can be inserted. */
interface Row {
  readonly placement: Placement;
  readonly params: readonly SqlValue[];
  readonly bytes: number;
}

/** The most rows of one statement. A library may keep one prepared statement for each length. */
const MAX_ROWS = 100;
/** The most bytes of bodies in one statement of several rows: far below the 16 MiB that MariaDB takes in one packet. */
const MAX_BYTES = 1_048_576;

/** Makes the statements that insert messages. One that is due later has no ordering key, so it needs no lock. */
export class InsertStatements {
  readonly #words: InsertWords;
  readonly #table: TableNames;
  readonly #scheduled: (messages: readonly ScheduledMessage[]) => readonly Statement[];
  readonly #lockedInsert: string;
  readonly #inserts = new Map<number, string>();
  readonly #locks = new Map<number, string>();

  constructor(dialect: Dialect, options: TableOptions) {
    this.#words = INSERT_WORDS[dialect];
    this.#table = tableNames(dialect, options);
    this.#scheduled = scheduleInserts(dialect, options);
    this.#lockedInsert = this.#words.locking?.insert(this.#table) ?? "";
  }

  /** For one message: one statement. */
  one({ message, due }: Insert): readonly Statement[] {
    return due === undefined ? [this.#now(message)] : this.#scheduled([{ ...message, due }]);
  }

  #now(message: RelayMessage): Statement {
    const { placement, params } = this.#row(message);
    const { locking } = this.#words;
    if (locking === undefined || placement.lock === undefined) return { sql: this.#insert(1), params };
    return { sql: this.#lockedInsert, params: [locking.value(placement.lock), ...params] };
  }

  /**
   * For several messages. All locks are taken first, and sorted: two transactions that do only this never wait for each other in a circle.
   * The rows keep the order of the messages.
   */
  several(inserts: readonly Insert[]): readonly Statement[] {
    const rows = inserts.flatMap(({ message, due }) => (due === undefined ? [this.#row(message)] : []));
    const later = inserts.flatMap(({ message, due }) => (due === undefined ? [] : [{ ...message, due }]));
    return [...this.#lockStatements(rows), ...this.#insertStatements(rows), ...this.#scheduled(later)];
  }

  #lockStatements(rows: readonly Row[]): readonly Statement[] {
    const { locking } = this.#words;
    if (locking === undefined) return [];
    const values = new Set(
      rows.flatMap(({ placement: { lock } }) => (lock === undefined ? [] : [locking.value(lock)])),
    );
    const sorted = [...values].toSorted((one, other) => one - other);
    return cut(sorted, () => 0).map((params) => ({
      sql: kept(this.#locks, params.length, (count) => locking.take(this.#table, count)),
      params,
    }));
  }

  #insertStatements(rows: readonly Row[]): readonly Statement[] {
    return cut(rows, ({ bytes }) => bytes).map((some) => ({
      sql: this.#insert(some.length),
      params: some.flatMap(({ params }) => params),
    }));
  }

  #insert(count: number): string {
    return kept(this.#inserts, count, () => {
      const rows = Array.from({ length: count }, (_, n) => `(${this.#words.row(n * COLUMN_COUNT + 1)})`);
      return `INSERT INTO ${this.#table("outbox")} (${COLUMNS}) VALUES ${rows.join(", ")}`;
    });
  }

  #row(message: RelayMessage): Row {
    const { topic, id, orderingKey = null, body, attributes, publishTimeMs } = message;
    const placement = placementOf(message);
    const time = this.#words.time(publishTimeMs);
    const params = [placement.lane, topic, id, orderingKey, body, JSON.stringify(attributes), time];
    return { placement, params, bytes: body.byteLength };
  }
}

/** Cuts a list into parts of at most `MAX_ROWS`, and within `MAX_BYTES` unless a part is one item. */
function cut<Item>(items: readonly Item[], bytesOf: (item: Item) => number): readonly (readonly Item[])[] {
  const parts: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const last = parts.at(-1);
    bytes += bytesOf(item);
    if (last !== undefined && last.length < MAX_ROWS && bytes <= MAX_BYTES) {
      last.push(item);
    } else {
      parts.push([item]);
      bytes = bytesOf(item);
    }
  }
  return parts;
}

function kept(texts: Map<number, string>, count: number, make: (count: number) => string): string {
  const known = texts.get(count);
  if (known !== undefined) return known;
  const text = make(count);
  texts.set(count, text);
  return text;
}
