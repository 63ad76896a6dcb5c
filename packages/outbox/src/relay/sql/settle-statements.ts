import type { OutboxTables } from "./outbox-tables.ts";
import { sql, type Statement, text } from "./statement.ts";
import type { Words } from "./words.ts";

/** The columns that a message keeps when it is parked, and when it comes back. */
export const MESSAGE_COLUMNS = "seq, lane, topic, message_id, ordering_key, body, attributes, publish_time";

/** A hold of a key, or of a whole topic when the key is empty. */
export interface Hold {
  readonly topic: string;
  readonly key: string;
  /** `Infinity`: until somebody ends it. */
  readonly forMs: number;
  readonly attempts: number;
  readonly reason: string;
}

export function setHold(
  { hold }: OutboxTables,
  words: Words,
  { topic, key, forMs, attempts, reason }: Hold,
): Statement {
  const until = forMs === Number.POSITIVE_INFINITY ? words.never : words.later(forMs);
  return sql`INSERT INTO ${hold} (topic, ordering_key, until, attempts, error)
    VALUES (${topic}, ${key}, ${until}, ${attempts}, ${reason}) ${words.orUpdate(["topic", "ordering_key"], ["until", "attempts", "error"])}`;
}

export function endHold({ hold }: OutboxTables, topic: string, key: string): Statement {
  return sql`DELETE FROM ${hold} WHERE topic = ${topic} AND ordering_key = ${key}`;
}

/** Where a row is. */
export interface RowPlace {
  readonly lane: number;
  readonly topic: string;
  readonly seq: number;
}

export function countAttempt({ outbox }: OutboxTables, { lane, topic, seq }: RowPlace): Statement {
  return sql`UPDATE ${outbox} SET attempts = attempts + 1 WHERE lane = ${lane} AND topic = ${topic} AND seq = ${seq}`;
}

export function deleteRows(
  { outbox }: OutboxTables,
  words: Words,
  { lane, topic }: Omit<RowPlace, "seq">,
  seqs: readonly number[],
): Statement {
  return sql`DELETE FROM ${outbox} WHERE lane = ${lane} AND topic = ${topic} AND ${words.isOneOf(text("seq"), seqs)}`;
}

/** Copies a message to those that are parked. The row is deleted with those that were published. */
export function park(
  { outbox, parked }: OutboxTables,
  words: Words,
  { lane, topic, seq }: RowPlace,
  reason: string,
): Statement {
  const columns = text(MESSAGE_COLUMNS);
  return sql`INSERT INTO ${parked} (${columns}, attempts, error, parked_at)
    SELECT ${columns}, attempts, CAST(${reason} AS ${words.text}), ${words.now} FROM ${outbox} WHERE lane = ${lane} AND topic = ${topic} AND seq = ${seq}`;
}
