/** A value that a statement takes or a row has. */
export type SqlValue = string | number | bigint | boolean | Date | Uint8Array | null;

/** One row of a result, by column. */
export type SqlRow = Readonly<Record<string, unknown>>;

/**
 * Runs one statement, in whatever transaction or connection it was made for. The adaptors make one from a library's own object.
 * `sql` has the placeholders `$1`, `$2`, … each once and in order, so that an adaptor may rewrite them. Rejects with the library's own error.
 */
export interface SqlExecutor {
  query(sql: string, params: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}
