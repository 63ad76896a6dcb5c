import type { Adaptor, SyncAdaptor } from "../executor.ts";
import type { Dialect } from "../dialect.ts";
import type { TableOptions } from "../table-names.ts";

/** `Tx`: what the adaptor takes. */
export interface SqlInboxOptions<Tx> extends TableOptions {
  /** The SQL of the database. */
  readonly dialect: Dialect;
  /** For marks in a transaction of the application: `fromPg`, `fromKysely(sql)`, … @default none: `inTransaction` and `context.inbox.complete` are refused */
  readonly executor?: Adaptor<Tx> | SyncAdaptor<Tx> | undefined;
  /** Whether expired rows are deleted now and then while messages are handled. @default true */
  readonly removesExpired?: boolean | undefined;
  /** Returns random numbers, uniform in [0, 1), for jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** How the transaction of a handler runs. */
export interface InTransactionOptions {
  /** How long the mark stays, in ms; at least as long as the message may be redelivered. @default the topic's `retentionMs` */
  readonly retainMs?: number | undefined;
  /**
   * PostgreSQL only: how long to wait for another transaction that handles the same message, in ms, 1 to 600,000. Then the message is
   * retried. On MySQL that is `innodb_lock_wait_timeout` of the connection (50 s), on SQLite `busy_timeout`. @default 10_000
   */
  readonly lockTimeoutMs?: number | undefined;
}

const OPTIONS: ReadonlySet<string> = new Set([
  "dialect",
  "executor",
  "removesExpired",
  "random",
  "schema",
  "tablePrefix",
]);
export const LOCK_TIMEOUT_MS = { default: 10_000, max: 600_000 } as const;
const MAX_RETAIN_MS = 366 * 24 * 60 * 60 * 1000;

/** @throws TypeError when an option is unknown or not allowed; the dialect and the names are checked where they are used */
export function checkSqlInboxOptions(options: SqlInboxOptions<never>): void {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.has(key))
      throw new TypeError(`sqlInbox: unknown option "${key}": must be one of ${[...OPTIONS].join(", ")}`);
  }
  const { executor } = options;
  if (executor !== undefined && typeof executor !== "function") {
    throw new TypeError("executor: must be a function of a transaction, such as fromPg");
  }
}

/** @throws TypeError when an option is not allowed */
export function checkInTransactionOptions(dialect: Dialect, { retainMs, lockTimeoutMs }: InTransactionOptions): void {
  requireMs("retainMs", retainMs, MAX_RETAIN_MS);
  requireMs("lockTimeoutMs", lockTimeoutMs, LOCK_TIMEOUT_MS.max);
  if (lockTimeoutMs === undefined || dialect === "postgres") return;
  const instead = dialect === "mysql" ? "innodb_lock_wait_timeout" : "busy_timeout";
  throw new TypeError(
    `inTransaction: lockTimeoutMs is for PostgreSQL; on this database set ${instead} on the connection`,
  );
}

function requireMs(name: string, value: number | undefined, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= max)) return;
  throw new TypeError(`inTransaction: ${name} is ${String(value)}: must be a whole number of ms from 1 to ${max}`);
}
