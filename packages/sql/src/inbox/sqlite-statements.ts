import type { InboxStatements } from "./inbox-statements.ts";
import { changes, returningStatements } from "./returning-statements.ts";

/** @param table the quoted name */
export function sqliteStatements(table: string): InboxStatements {
  const now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
  const inMs = (placeholder: string): string => `${now} + CAST(${placeholder} AS INTEGER)`;
  const markSql =
    `INSERT INTO ${table} AS held (subscription, message_id, token, expires_at) VALUES ($1, $2, $3, ${inMs("$4")}) ` +
    `ON CONFLICT (subscription, message_id) DO UPDATE SET lease_until = NULL, expires_at = excluded.expires_at ` +
    `WHERE held.lease_until IS NOT NULL RETURNING 1 AS done`;
  return returningStatements({
    table,
    now,
    inMs,
    expired: `SELECT subscription, message_id FROM ${table} WHERE expires_at < ${now} ORDER BY expires_at LIMIT $1`,
    // There is one writer at a time: nobody else's mark is in an open transaction.
    mark: (executor, { subscription, id, token }, { retainMs }) =>
      changes(executor, markSql, [subscription, id, token, retainMs]),
  });
}
