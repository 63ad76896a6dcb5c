import type { SqlRow } from "../executor.ts";
import { type AnyExecutor, CLAIM_KEPT_MS, type InboxRow, type InboxStatements } from "./inbox-statements.ts";

const NOW = "UTC_TIMESTAMP(6)";

const inMs = (placeholder: string): string => `TIMESTAMPADD(MICROSECOND, ${placeholder} * 1000, ${NOW})`;

/**
 * For MySQL and MariaDB. No statement of MySQL returns the rows that it changes, so the row is read after each change. That is safe
 * outside of a transaction too, because nobody else has the token.
 *
 * @param table the quoted name
 */
export function mysqlStatements(table: string): InboxStatements {
  const key = (from: number): string => `subscription = $${from} AND message_id = $${from + 1}`;
  // The assignments are made from left to right. The token is replaced only by this statement, so it tells the others whether it was.
  const claimSql =
    `INSERT INTO ${table} (subscription, message_id, token, lease_until, expires_at) ` +
    `VALUES ($1, $2, $3, ${inMs("$4")}, ${inMs("$5")}) ON DUPLICATE KEY UPDATE ` +
    `token = IF(lease_until < ${NOW}, VALUES(token), token), ` +
    `lease_until = IF(token = VALUES(token), VALUES(lease_until), lease_until), ` +
    `expires_at = IF(token = VALUES(token), VALUES(expires_at), expires_at)`;
  const extendSql =
    `UPDATE ${table} SET lease_until = ${inMs("$1")}, expires_at = ${inMs("$2")} ` +
    `WHERE ${key(3)} AND token = $5 AND lease_until IS NOT NULL`;
  // Also when it is completed already: the answer to the first call may have been lost.
  const completeSql = `UPDATE ${table} SET lease_until = NULL, expires_at = ${inMs("$1")} WHERE ${key(2)} AND token = $4`;
  const abandonSql = `DELETE FROM ${table} WHERE ${key(1)} AND token = $3 AND lease_until IS NOT NULL`;
  const stateSql = `SELECT token, lease_until IS NULL AS completed FROM ${table} WHERE ${key(1)}`;
  // Changes nothing where there is a row, but waits for the transaction that has written it, and locks the row.
  const insertMarkSql =
    `INSERT INTO ${table} (subscription, message_id, token, expires_at) VALUES ($1, $2, $3, ${inMs("$4")}) ` +
    `ON DUPLICATE KEY UPDATE token = ${table}.token`;
  const turnIntoMarkSql = `UPDATE ${table} SET lease_until = NULL, expires_at = ${inMs("$1")} WHERE ${key(2)}`;
  const expiredSql = `FROM ${table} WHERE expires_at < ${NOW} ORDER BY expires_at`;

  /** The row, when it has this token. */
  const own = async (executor: AnyExecutor, { subscription, id, token }: InboxRow): Promise<SqlRow | undefined> => {
    const [row] = await executor.query(stateSql, [subscription, id]);
    return row?.["token"] === token ? row : undefined;
  };

  return {
    async claim(executor, { subscription, id, token }, leaseMs) {
      await executor.query(claimSql, [subscription, id, token, leaseMs, leaseMs + CLAIM_KEPT_MS]);
      const [row] = await executor.query(stateSql, [subscription, id]);
      if (isCompleted(row)) return "completed";
      return row?.["token"] === token ? "claimed" : "busy";
    },
    async extend(executor, row, leaseMs) {
      await executor.query(extendSql, [leaseMs, leaseMs + CLAIM_KEPT_MS, row.subscription, row.id, row.token]);
      const held = await own(executor, row);
      return held !== undefined && !isCompleted(held);
    },
    async complete(executor, row, retainMs) {
      await executor.query(completeSql, [retainMs, row.subscription, row.id, row.token]);
      return isCompleted(await own(executor, row));
    },
    async abandon(executor, row) {
      const held = await own(executor, row);
      if (held === undefined || isCompleted(held)) return false;
      await executor.query(abandonSql, [row.subscription, row.id, row.token]);
      return true;
    },
    async mark(executor, { subscription, id, token }, { retainMs }) {
      await executor.query(insertMarkSql, [subscription, id, token, retainMs]);
      // A locking read: a plain one would not see what others have committed since this transaction began.
      const [row] = await executor.query(`${stateSql} FOR UPDATE`, [subscription, id]);
      if (isCompleted(row)) return row?.["token"] === token;
      await executor.query(turnIntoMarkSql, [retainMs, subscription, id]);
      return true;
    },
    async removeExpired(executor, limit) {
      // Not every library takes a placeholder after LIMIT.
      const first = `${expiredSql} LIMIT ${Math.trunc(limit)}`;
      const [counted] = await executor.query(`SELECT COUNT(*) AS number FROM (SELECT 1 ${first}) AS expired`, []);
      const number = Number(counted?.["number"]);
      if (number > 0) await executor.query(`DELETE ${first}`, []);
      return number;
    },
  };
}

function isCompleted(row: SqlRow | undefined): boolean {
  return Number(row?.["completed"]) === 1;
}
