/** A value that a statement takes or a row has. */
export type SqlValue = string | number | bigint | boolean | Date | Uint8Array | null;

/** One row of a result, by column. */
export type SqlRow = Readonly<Record<string, unknown>>;

/**
 * Runs one statement, in whatever transaction or connection it was made for. The adaptors make one from a library's own object.
 * `sql` has the placeholders `$1`, `$2`, … each once and in order, so that an adaptor may rewrite them; there is no `$` or `?` elsewhere.
 * Resolves with the rows that the statement returns, an empty list when it returns none. Rejects with the library's own error.
 */
export interface SqlExecutor {
  query(sql: string, params: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** The same for a library that answers at once, as those of SQLite do. */
export interface SyncSqlExecutor {
  query(sql: string, params: readonly SqlValue[]): readonly SqlRow[];
}

/**
 * Makes an executor from a transaction of one library. Cheap: it is called for every statement.
 *
 * @throws TypeError when `tx` is visibly no transaction, such as a pool; the message says what to pass
 */
export type Adaptor<Tx> = (tx: Tx) => SqlExecutor;

/** The same for a library that answers at once. */
export type SyncAdaptor<Tx> = (tx: Tx) => SyncSqlExecutor;
