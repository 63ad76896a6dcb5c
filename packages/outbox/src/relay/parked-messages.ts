import type { AnyTopic, Attributes } from "@anytopic/core";
import { shown } from "@anytopic/core/driver";
import type { SqlExecutor, SqlPool, SqlRow } from "@anytopic/sql";
import { outboxRow } from "./outbox-row.ts";
import type { OutboxTables } from "./sql/outbox-tables.ts";
import {
  deleteParked,
  endHoldOfParked,
  lockLaneWaiting,
  parkedOf,
  type ParkedFilter,
  unpark,
} from "./sql/parked-statements.ts";
import { run, sql, text } from "./sql/statement.ts";
import { WORDS } from "./sql/words.ts";

/** A message that the relay could not publish, with the reason. */
export interface ParkedMessage {
  readonly id: string;
  readonly topic: string;
  readonly orderingKey: string | undefined;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly publishTime: Date;
  /** How often it had failed before its last attempt. */
  readonly attempts: number;
  /** `CODE: message` of the error, at most 500 characters. */
  readonly reason: string;
  readonly parkedTime: Date;
}

/** Which parked messages are meant. */
export interface ParkedSelection {
  /** @default all topics */
  readonly topic?: AnyTopic | string | undefined;
  /** The ids of messages. @default all */
  readonly ids?: readonly string[] | undefined;
  /** The largest number of messages; at least 1. @default all; for `list` 10, and at most 1,000 */
  readonly limit?: number | undefined;
}

/** The parked messages of an outbox. All methods may be called while relays run, and by several processes at the same time. */
export interface ParkedMessages {
  count(selection?: Pick<ParkedSelection, "topic">): Promise<number>;
  /** Returns messages without changing anything, the oldest first. */
  list(selection?: ParkedSelection): Promise<readonly ParkedMessage[]>;
  /**
   * Gives messages back to the relays, with no failed attempts, and resolves with their number. A message whose key waits behind it comes
   * before the others of the key. With `onParked: "skip"` it comes after those that were published meanwhile. Waits for relays that
   * are publishing from the same lanes.
   */
  retry(selection?: ParkedSelection): Promise<number>;
  /** Deletes messages for good, and resolves with their number. What waits behind them is published. */
  discard(selection?: ParkedSelection): Promise<number>;
}

/** The most messages that one transaction handles. */
const MAX_AT_ONCE = 500;

export class SqlParkedMessages implements ParkedMessages {
  readonly #pool: SqlPool;
  readonly #tables: OutboxTables;
  readonly #onChange: () => void;

  constructor(pool: SqlPool, tables: OutboxTables, onChange: () => void) {
    this.#pool = pool;
    this.#tables = tables;
    this.#onChange = onChange;
  }

  async count(selection: Pick<ParkedSelection, "topic"> = {}): Promise<number> {
    const where = parkedOf(filterOf(selection));
    const [row] = await run(this.#pool, sql`SELECT COUNT(*) AS number FROM ${this.#tables.parked} WHERE ${where}`);
    return Number(row?.["number"]);
  }

  async list(selection: ParkedSelection = {}): Promise<readonly ParkedMessage[]> {
    const words = WORDS[this.#pool.dialect];
    const limit = requireLimit(selection.limit ?? 10, 1000);
    const rows = await run(
      this.#pool,
      sql`SELECT seq, topic, message_id, ordering_key, body, attributes, attempts, error,
        ${words.unixMs(text("publish_time"))} AS publish_time_ms, ${words.unixMs(text("parked_at"))} AS parked_ms
        FROM ${this.#tables.parked} WHERE ${parkedOf(filterOf(selection))} ORDER BY seq LIMIT ${text(String(limit))}`,
    );
    return rows.map(parkedMessage);
  }

  async retry(selection: ParkedSelection = {}): Promise<number> {
    return await this.#each(selection, async (tx, seq) => {
      await run(tx, unpark(this.#tables, seq));
    });
  }

  async discard(selection: ParkedSelection = {}): Promise<number> {
    return await this.#each(selection, async () => {});
  }

  /** Under the lock of the lane: no relay and no other call has these messages in hand. */
  async #each(selection: ParkedSelection, act: (tx: SqlExecutor, seq: number) => Promise<void>): Promise<number> {
    const limit = requireLimit(selection.limit ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const filter = filterOf(selection);
    const where = parkedOf(filter);
    const lanes = await run(
      this.#pool,
      sql`SELECT DISTINCT lane FROM ${this.#tables.parked} WHERE ${where} ORDER BY lane`,
    );
    let done = 0;
    for (const { lane } of lanes) {
      for (let last = MAX_AT_ONCE; last === MAX_AT_ONCE && done < limit; done += last) {
        const most = Math.min(MAX_AT_ONCE, limit - done);
        last = await this.#pool.transaction(async (tx) => await this.#someOf(tx, Number(lane), filter, most, act));
      }
    }
    if (done > 0) this.#onChange();
    return done;
  }

  async #someOf(
    tx: SqlExecutor,
    lane: number,
    filter: ParkedFilter,
    limit: number,
    act: (tx: SqlExecutor, seq: number) => Promise<void>,
  ): Promise<number> {
    const tables = this.#tables;
    const words = WORDS[this.#pool.dialect];
    await run(tx, lockLaneWaiting(tables, words, lane));
    const rows = await run(
      tx,
      sql`SELECT seq, topic, ordering_key FROM ${tables.parked} WHERE lane = ${lane} AND ${parkedOf(filter)}
        ORDER BY seq LIMIT ${text(String(limit))}`,
    );
    for (const row of rows) {
      const seq = Number(row["seq"]);
      await act(tx, seq);
      await run(tx, deleteParked(tables, seq));
      const key = row["ordering_key"];
      if (typeof key === "string") await run(tx, endHoldOfParked(tables, String(row["topic"]), key));
    }
    return rows.length;
  }
}

function filterOf({ topic, ids }: ParkedSelection): ParkedFilter {
  if (ids !== undefined && (!Array.isArray(ids) || ids.some((id) => typeof id !== "string"))) {
    throw new TypeError("ids must be a list of the ids of messages");
  }
  return { topic: typeof topic === "object" ? topic.name : topic, ids };
}

function requireLimit(limit: unknown, max: number): number {
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw new TypeError(`limit is ${shown(limit)}: must be a whole number from 1 to ${max}`);
}

function parkedMessage(row: SqlRow): ParkedMessage {
  const { topic, attempts, message } = outboxRow(row);
  const { id, orderingKey, body, attributes, publishTimeMs } = message;
  return {
    id,
    topic,
    orderingKey,
    body,
    attributes: attributes ?? {},
    attempts,
    publishTime: new Date(publishTimeMs),
    reason: String(row["error"]),
    parkedTime: new Date(Number(row["parked_ms"])),
  };
}
