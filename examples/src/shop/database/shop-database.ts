import type { Outbox } from "@anytopic/outbox";
import type { RunsTransaction, SqlExecutor, SqlInbox, SqlPool } from "@anytopic/sql";

/**
 * The database, as the services use it. What a service writes and publishes in one transaction is committed together, or not at all.
 * Close it after everything that uses it.
 */
export interface ShopDatabase extends AsyncDisposable {
  /** For what needs no transaction of the services: reads, and the relay. */
  readonly pool: SqlPool;
  /** Runs its work in a transaction, and commits it when the work resolves. */
  readonly transaction: RunsTransaction<SqlExecutor>;
  /** What is published here is an event as soon as the transaction is committed. */
  readonly outbox: Pick<Outbox<SqlExecutor>, "publish" | "relay">;
  /** Remembers which messages were handled. */
  readonly inbox: SqlInbox<SqlExecutor>;
}
