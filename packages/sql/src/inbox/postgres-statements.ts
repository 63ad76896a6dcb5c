import type { InboxStatements } from "./inbox-statements.ts";
import { changes, returningStatements } from "./returning-statements.ts";

/** @param table the quoted name */
export function postgresStatements(table: string): InboxStatements {
  // Not now(), which is the time when the transaction began.
  const now = "clock_timestamp()";
  const inMs = (placeholder: string): string => `${now} + ${placeholder}::double precision * interval '1 millisecond'`;
  // The wait for another transaction ends by `lock_timeout`, which is set back before the statement ends: it is not for the handler's
  // own statements. One statement, so that it costs one round trip.
  const markSql =
    `WITH wait AS MATERIALIZED (SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', $1, true) AS during) ` +
    `INSERT INTO ${table} AS held (subscription, message_id, token, expires_at) ` +
    `SELECT $2::text, $3::text, $4::text, ${inMs("$5")} FROM wait ON CONFLICT (subscription, message_id) DO UPDATE ` +
    `SET lease_until = NULL, expires_at = excluded.expires_at WHERE held.lease_until IS NOT NULL ` +
    `RETURNING set_config('lock_timeout', (SELECT before FROM wait), true) AS done`;
  return returningStatements({
    table,
    now,
    inMs,
    expired:
      `SELECT subscription, message_id FROM ${table} WHERE expires_at < ${now} ORDER BY expires_at ` +
      `LIMIT $1::integer FOR UPDATE SKIP LOCKED`,
    mark: (executor, { subscription, id, token }, { retainMs, lockTimeoutMs }) =>
      changes(executor, markSql, [String(lockTimeoutMs), subscription, id, token, retainMs]),
  });
}
