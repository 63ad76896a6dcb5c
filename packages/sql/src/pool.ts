import type { Dialect } from "./dialect.ts";
import type { SqlExecutor } from "./executor.ts";

/** How a transaction runs. */
export interface TransactionOptions {
  /** When it aborts, the transaction ends without a commit. Where the library allows it, its connection is closed at once, whatever runs on it. @default none */
  readonly signal?: AbortSignal | undefined;
  /**
   * For how long the transaction may be open without running a statement, in ms. After that the server ends it, so that a process that
   * stands still keeps no locks. MySQL and MariaDB round it up to seconds. SQLite has no such time. @default the server's own setting
   */
  readonly idleTimeoutMs?: number | undefined;
}

/** What hears the notifications of a channel. */
export interface Listening {
  /** Idempotent. Never rejects. */
  close(): Promise<void>;
}

/**
 * A database with transactions of its own, for work that belongs to no transaction of the application. Made from a library's pool.
 * All methods may be called concurrently. The pool stays the application's: nothing here closes it.
 */
export interface SqlPool extends SqlExecutor {
  readonly dialect: Dialect;
  /** Runs one statement by itself. */
  query: SqlExecutor["query"];
  /**
   * Runs `work` in a transaction, and commits when it resolves. Rejects with what `work` or the commit rejects with; after a failed commit
   * it is not known whether it happened. Each statement sees what was committed before it (READ COMMITTED). On SQLite the transaction is
   * the only one that may write, from its beginning on.
   */
  transaction<Result>(work: (tx: SqlExecutor) => Promise<Result>, options?: TransactionOptions): Promise<Result>;
  /**
   * Calls `onNotify` for each notification of the channel (`LISTEN` of PostgreSQL), and `onLost` once when no more will come. Keeps one
   * connection. Absent where the database cannot do that.
   */
  listen?(channel: string, onNotify: () => void, onLost: (error: unknown) => void): Promise<Listening>;
}
