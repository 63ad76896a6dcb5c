import { autocommitPg } from "../adaptors/pg.ts";
import type { SqlExecutor, SqlRow, SqlValue } from "../executor.ts";
import type { Listening, SqlPool, TransactionOptions } from "../pool.ts";

/** What is used of a `PoolClient` of `pg`. */
export interface PgPoolClient {
  query(sql: string, params?: unknown[]): Promise<{ readonly rows: readonly SqlRow[] }>;
  release(destroy?: boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "notification", listener: (message: { readonly channel: string }) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** What is used of a `Pool` of `pg`. */
export interface PgPool {
  connect(): Promise<PgPoolClient>;
  query(sql: string, params?: unknown[]): Promise<{ readonly rows: readonly SqlRow[] }>;
}

/** The pool of `pg`: `pgPool(new Pool({ … }))`. Each transaction takes one of its connections, and listening keeps one. */
export function pgPool(pool: PgPool): SqlPool {
  const each = autocommitPg(pool);
  return Object.freeze({
    dialect: "postgres",
    query: async (text: string, params: readonly SqlValue[]) => await each.query(text, params),
    transaction: async <Result>(work: (tx: SqlExecutor) => Promise<Result>, options: TransactionOptions = {}) =>
      await transaction(pool, work, options),
    listen: async (channel: string, onNotify: () => void, onLost: (error: unknown) => void) =>
      await listen(pool, channel, onNotify, onLost),
  });
}

async function transaction<Result>(
  pool: PgPool,
  work: (tx: SqlExecutor) => Promise<Result>,
  { signal, idleTimeoutMs }: TransactionOptions,
): Promise<Result> {
  signal?.throwIfAborted();
  const client = await pool.connect();
  let released = false;
  const release = (destroy: boolean): void => {
    if (released) return;
    released = true;
    signal?.removeEventListener("abort", onAbort);
    client.removeListener("error", ignore);
    client.release(destroy);
  };
  const onAbort = (): void => release(true);
  // The server may end the connection between two statements. The next one then fails, which is enough.
  client.on("error", ignore);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    await client.query(beginning(idleTimeoutMs));
    const result = await work(autocommitPg(client));
    signal?.throwIfAborted();
    await client.query("COMMIT");
    release(false);
    return result;
  } catch (error) {
    // Not every failure leaves a connection that answers. A new one costs less than to find out.
    release(true);
    throw error;
  }
}

function beginning(idleTimeoutMs: number | undefined): string {
  const begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
  if (idleTimeoutMs === undefined) return begin;
  return `${begin}; SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(idleTimeoutMs)}`;
}

async function listen(
  pool: PgPool,
  channel: string,
  onNotify: () => void,
  onLost: (error: unknown) => void,
): Promise<Listening> {
  const client = await pool.connect();
  let closed = false;
  const end = (error?: unknown): void => {
    if (closed) return;
    closed = true;
    client.release(true);
    if (error !== undefined) onLost(error);
  };
  client.on("error", (error) => end(error));
  client.on("end", () => end(new Error("the connection that listens has ended")));
  client.on("notification", (message) => {
    if (message.channel === channel && !closed) onNotify();
  });
  try {
    await client.query(`LISTEN "${channel.replaceAll('"', '""')}"`);
  } catch (error) {
    closed = true;
    client.release(true);
    throw error;
  }
  return {
    async close() {
      end();
      await Promise.resolve();
    },
  };
}

function ignore(): void {}
