import type { SqlExecutor } from "@anytopic/sql";
import type { OutboxTables } from "./sql/outbox-tables.ts";
import { firstOfTopics, type TopicPart } from "./sql/read-statements.ts";
import { run, sql } from "./sql/statement.ts";

/** How often a lane's floors are read again, in ms. */
const EVERY_MS = 250;
/** How often everything is read from the beginning, in ms: nobody keeps others from writing rows by hand. */
const FORGET_MS = 60_000;

/** A number that was seen, and who was writing then. */
interface Sight {
  readonly seq: number;
  readonly writers: ReadonlySet<unknown>;
}

/**
 * For each lane and topic the number below which no message can be, so that a read does not walk over deleted rows. PostgreSQL keeps those in
 * the index while any snapshot is older than they are: 100,000 of them make each read 24 ms long.
 *
 * A transaction may commit a number that is lower than others that were published long ago. A message of its key that comes after it
 * would overtake it below a floor. So a floor is never above the first number that may still come: a writer locks the table before it
 * takes a number, and `pg_locks` shows who has. When all who had the lock have ended, what they wrote is visible. Held and parked
 * messages are below no floor, because they come back under their numbers.
 */
export class Floors {
  readonly #tables: OutboxTables;
  readonly #floors = new Map<string, number>();
  readonly #readMs = new Map<number, number>();
  #forgetMs = 0;
  /** No message up to this number will become visible. */
  #settledSeq = 0;
  #seenSeq = 0;
  #sight: Sight | undefined;
  #sightMs = 0;

  constructor(tables: OutboxTables) {
    this.#tables = tables;
  }

  of(lane: number, topic: string): number {
    return this.#floors.get(`${lane} ${topic}`) ?? 0;
  }

  /** The lowest of all lanes, for a question about all of them. */
  lowest(lanes: number, topic: string): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (let lane = 0; lane < lanes; lane += 1) lowest = Math.min(lowest, this.of(lane, topic));
    return lowest;
  }

  /** A message with this number was read. */
  seen(seq: number): void {
    this.#seenSeq = Math.max(this.#seenSeq, seq);
  }

  /** Raises the floors of a lane, now and then. The caller has locked the lane. */
  async raise(executor: SqlExecutor, lane: number, topics: readonly string[], nowMs: number): Promise<void> {
    if (nowMs >= this.#forgetMs) {
      this.#floors.clear();
      this.#forgetMs = nowMs + FORGET_MS;
    }
    if (nowMs < (this.#readMs.get(lane) ?? 0) + EVERY_MS) return;
    this.#readMs.set(lane, nowMs);
    await this.#settle(executor, nowMs);
    const settled = this.#settledSeq;
    const parts = topics.map((topic): TopicPart => ({ topic, floor: this.of(lane, topic) }));
    for (const row of await run(executor, firstOfTopics(this.#tables, lane, parts))) {
      const { topic } = parts[Number(row["topic_index"])] as TopicPart;
      const first = Math.min(settled + 1, numberOr(row["seq"]), numberOr(row["parked_seq"]));
      this.#floors.set(`${lane} ${topic}`, first);
    }
  }

  async #settle(executor: SqlExecutor, nowMs: number): Promise<void> {
    if (nowMs < this.#sightMs + EVERY_MS) return;
    this.#sightMs = nowMs;
    // Seen before the question: who takes a lower number after it does not exist.
    const seq = this.#seenSeq;
    const { outbox } = this.#tables;
    const rows = await run(
      executor,
      sql`SELECT virtualtransaction AS writer FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock'
        AND relation = CAST(${outbox.parts[0] as string} AS regclass) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    const writers = new Set(rows.map((row) => row["writer"]));
    const before = this.#sight;
    if (before !== undefined && [...before.writers].some((writer) => writers.has(writer))) return;
    if (before !== undefined) this.#settledSeq = Math.max(this.#settledSeq, before.seq);
    this.#sight = { seq, writers };
  }
}

function numberOr(value: unknown): number {
  return value === null || value === undefined ? Number.POSITIVE_INFINITY : Number(value);
}
