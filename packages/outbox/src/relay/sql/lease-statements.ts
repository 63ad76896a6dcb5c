import type { OutboxTables } from "./outbox-tables.ts";
import { sql, type Statement } from "./statement.ts";
import type { Words } from "./words.ts";

/** Takes a lane that nobody has, or whose holder has not come back in time. There is a row when it was taken. */
export function takeLease(
  { lane }: OutboxTables,
  words: Words,
  number: number,
  token: string,
  leaseMs: number,
): Statement {
  return sql`UPDATE ${lane} SET lease_token = ${token}, lease_until = ${words.later(leaseMs)}
    WHERE lane = ${number} AND lease_until <= ${words.now} RETURNING lane`;
}

/** There is a row while the lane belongs to the token. */
export function keepsLease({ lane }: OutboxTables, number: number, token: string): Statement {
  return sql`SELECT lane FROM ${lane} WHERE lane = ${number} AND lease_token = ${token}`;
}

export function endLease({ lane }: OutboxTables, number: number): Statement {
  return sql`UPDATE ${lane} SET lease_token = NULL, lease_until = 0 WHERE lane = ${number}`;
}
