import type { SqlValue } from "../executor.ts";
import { type AnyExecutor, type Answer, CLAIM_KEPT_MS, type InboxStatements } from "./inbox-statements.ts";

/** What differs between the dialects that return the rows of a change. */
export interface ReturningDialect {
  /** The quoted name. */
  readonly table: string;
  readonly now: string;
  /** The time in so many ms: an expression with the placeholder. */
  readonly inMs: (placeholder: string) => string;
  /** Selects the primary keys of `$1` expired rows. */
  readonly expired: string;
  readonly mark: InboxStatements["mark"];
}

/** For PostgreSQL and SQLite. */
export function returningStatements({ table, now, inMs, expired, mark }: ReturningDialect): InboxStatements {
  // The condition is evaluated after the wait for a concurrent claim: exactly one caller takes an expired claim.
  const claimSql =
    `INSERT INTO ${table} AS held (subscription, message_id, token, lease_until, expires_at) ` +
    `VALUES ($1, $2, $3, ${inMs("$4")}, ${inMs("$5")}) ON CONFLICT (subscription, message_id) DO UPDATE ` +
    `SET token = excluded.token, lease_until = excluded.lease_until, expires_at = excluded.expires_at ` +
    `WHERE held.lease_until < ${now} RETURNING 1 AS done`;
  const stateSql = `SELECT lease_until IS NULL AS completed FROM ${table} WHERE subscription = $1 AND message_id = $2`;
  const extendSql =
    `UPDATE ${table} SET lease_until = ${inMs("$1")}, expires_at = ${inMs("$2")} ` +
    `WHERE subscription = $3 AND message_id = $4 AND token = $5 AND lease_until IS NOT NULL RETURNING 1 AS done`;
  // Also when it is completed already: the answer to the first call may have been lost.
  const completeSql =
    `UPDATE ${table} SET lease_until = NULL, expires_at = ${inMs("$1")} ` +
    `WHERE subscription = $2 AND message_id = $3 AND token = $4 RETURNING 1 AS done`;
  const abandonSql =
    `DELETE FROM ${table} WHERE subscription = $1 AND message_id = $2 AND token = $3 AND lease_until IS NOT NULL ` +
    `RETURNING 1 AS done`;
  const removeSql = `DELETE FROM ${table} WHERE (subscription, message_id) IN (${expired}) RETURNING 1 AS done`;
  return {
    async claim(executor, { subscription, id, token }, leaseMs) {
      const params = [subscription, id, token, leaseMs, leaseMs + CLAIM_KEPT_MS];
      if (await changes(executor, claimSql, params)) return "claimed";
      const [row] = await executor.query(stateSql, [subscription, id]);
      return Number(row?.["completed"]) === 1 ? "completed" : "busy";
    },
    extend: (executor, { subscription, id, token }, leaseMs) =>
      changes(executor, extendSql, [leaseMs, leaseMs + CLAIM_KEPT_MS, subscription, id, token]),
    complete: (executor, { subscription, id, token }, retainMs) =>
      changes(executor, completeSql, [retainMs, subscription, id, token]),
    abandon: (executor, { subscription, id, token }) => changes(executor, abandonSql, [subscription, id, token]),
    mark,
    removeExpired: async (executor, limit) => (await executor.query(removeSql, [limit])).length,
  };
}

/** Whether a statement that returns what it changes has changed something. */
export function changes(executor: AnyExecutor, sql: string, params: readonly SqlValue[]): Answer {
  const rows = executor.query(sql, params);
  return rows instanceof Promise ? rows.then(({ length }) => length > 0) : rows.length > 0;
}
