import type { OutboxTables } from "./outbox-tables.ts";
import { sql, type Statement, text } from "./statement.ts";
import type { Words } from "./words.ts";

/** The columns that a parked message keeps. */
const COLUMNS = "seq, lane, topic, message_id, ordering_key, body, attributes, publish_time, attempts";

/** A hold of a key, or of a whole topic when the key is empty. */
export interface Hold {
  readonly topic: string;
  readonly key: string;
  /** `Infinity`: until somebody ends it. */
  readonly forMs: number;
  readonly attempts: number;
  readonly reason: string;
}

export function setHold({ hold }: OutboxTables, words: Words, { topic, key, forMs, attempts, reason }: Hold): Statement {
  const until = forMs === Number.POSITIVE_INFINITY ? words.never : words.later(forMs);
  return sql`INSERT INTO ${hold} (topic, ordering_key, until, attempts, error)
    VALUES (${topic}, ${key}, ${until}, ${attempts}, ${reason}) ${words.orUpdate(["topic", "ordering_key"], ["until", "attempts", "error"])}`;
}

export function endHold({ hold }: OutboxTables, topic: string, key: string): Statement {
  return sql`DELETE FROM ${hold} WHERE topic = ${topic} AND ordering_key = ${key}`;
}

export function countAttempt({ outbox }: OutboxTables, seq: number): Statement {
  return sql`UPDATE ${outbox} SET attempts = attempts + 1 WHERE seq = ${seq}`;
}

/** Copies a message to those that are parked. The row is deleted with those that were published. */
export function park({ outbox, parked }: OutboxTables, words: Words, seq: number, reason: string): Statement {
  return sql`INSERT INTO ${parked} (${text(COLUMNS)}, error, parked_at)
    SELECT ${text(COLUMNS)}, ${reason}, ${words.now} FROM ${outbox} WHERE seq = ${seq}`;
}

/** Brings a parked message back under its old number, so that it comes before the messages behind it. */
export function unpark({ outbox, parked }: OutboxTables, words: Words, seq: number): Statement {
  const columns = COLUMNS.replace(", attempts", "");
  return sql`INSERT INTO ${outbox} (${text(columns)}, attempts) ${words.ownNumber} SELECT ${text(columns)}, 0 FROM ${parked} WHERE seq = ${seq}`;
}
