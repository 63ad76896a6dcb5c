import type { OutboxTables } from "./outbox-tables.ts";
import { joined, sql, type Statement, text } from "./statement.ts";
import { MESSAGE_COLUMNS } from "./settle-statements.ts";
import type { Words } from "./words.ts";

/** Which parked messages. */
export interface ParkedFilter {
  readonly topic: string | undefined;
  readonly ids: readonly string[] | undefined;
}

/** The condition of a filter. */
export function parkedOf({ topic, ids }: ParkedFilter): Statement {
  const conditions: Statement[] = [];
  if (topic !== undefined) conditions.push(sql`topic = ${topic}`);
  if (ids?.length === 0) conditions.push(text("1 = 0"));
  else if (ids !== undefined) {
    const each = ids.map((id) => sql`${id}`);
    conditions.push(sql`message_id IN (${joined(each, ", ")})`);
  }
  return conditions.length === 0 ? text("1 = 1") : joined(conditions, " AND ");
}

/** Waits for whoever has the lane. */
export function lockLaneWaiting({ lane }: OutboxTables, words: Words, number: number): Statement {
  return sql`SELECT lane FROM ${lane} WHERE lane = ${number} ${words.lock}`;
}

/** Brings a parked message back under its old number, so that it comes before the messages behind it. */
export function unpark({ outbox, parked }: OutboxTables, seq: number): Statement {
  const columns = text(MESSAGE_COLUMNS);
  return sql`INSERT INTO ${outbox} (${columns}, attempts) SELECT ${columns}, 0 FROM ${parked} WHERE seq = ${seq}`;
}

export function deleteParked({ parked }: OutboxTables, seq: number): Statement {
  return sql`DELETE FROM ${parked} WHERE seq = ${seq}`;
}

/** Ends the hold of a key behind which no other message is parked. */
export function endHoldOfParked({ hold, parked }: OutboxTables, topic: string, key: string): Statement {
  return sql`DELETE FROM ${hold} WHERE topic = ${topic} AND ordering_key = ${key}
    AND NOT EXISTS (SELECT 1 FROM ${parked} p WHERE p.topic = ${topic} AND p.ordering_key = ${key})`;
}
