import type { Dialect, SqlExecutor, SyncSqlExecutor } from "@anytopic/sql";

/** One library that talks to one database. */
export interface Library {
  readonly name: string;
  readonly dialect: Dialect;
  /** Each statement by itself. */
  readonly autocommit: SqlExecutor | SyncSqlExecutor;
  /** The library's own transaction function: rejects with what `work` throws, after it has rolled back. */
  transaction(work: (executor: SqlExecutor | SyncSqlExecutor) => Promise<void>): Promise<void>;
  /** Calls the adaptor with something that is no open transaction, by what that is. */
  readonly refused: Readonly<Record<string, () => unknown>>;
  close(): Promise<void> | void;
}

export type OpenLibrary = () => Promise<Library>;
