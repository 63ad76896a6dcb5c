import type { Clock, Instrumentation, Logger } from "@anytopic/core";
import type { Destinations } from "@anytopic/core/relay";
import type { Adaptor, Dialect, SqlExecutor, SyncAdaptor, TableOptions } from "@anytopic/sql";

export interface OutboxOptions extends TableOptions {
  /** The SQL of the database. */
  readonly dialect: Dialect;
  /**
   * The limits of the brokers, so that a message that they would refuse fails in the transaction, and not later in the relay. The adapter's
   * package has them: `{ capabilities: natsCapabilities, messageLimits: natsMessageLimits }` of `@anytopic/nats/capabilities`. A function
   * returns them by topic, all of a mirrored one. @default not checked before the relay, which parks the message
   */
  readonly destinations?: Destinations | undefined;
  /** As `publish.idSecret` of `connect`, and the same as that of the relay. @default ids are not signed */
  readonly idSecret?: string | undefined;
  /** As `newId` of `connect`. @default UUIDv7 */
  readonly newId?: ((topic: string) => string) | undefined;
  /** They see every publish to the outbox; trace context that they add travels with the message. The adapter that they are told is `"outbox"`. @default none */
  readonly instrumentation?: readonly Instrumentation[] | undefined;
  /**
   * PostgreSQL only: through this, `wake` also reaches relays of other processes that `listen`. Give what runs each statement by itself, such
   * as `autocommitPg(pool)`: a notification inside of the transactions would make all commits of the database wait for each other. At
   * most one is sent every 20 ms. @default none
   */
  readonly notify?: SqlExecutor | undefined;
  /** Where errors of instrumentations go. @default nowhere */
  readonly logger?: Logger | undefined;
  /** For publish times and ids. @default the system's clock */
  readonly clock?: Clock | undefined;
}

/** With a library that answers by promises. */
export interface AsyncOutboxOptions<Tx extends object> extends OutboxOptions {
  /** How a statement is run in a transaction of the application's library: `fromPg`, `fromDrizzle`, …, or a function of your own. */
  readonly executor: Adaptor<Tx>;
}

/** With a library that answers at once, as those of SQLite do. */
export interface SyncOutboxOptions<Tx extends object> extends OutboxOptions {
  /** `fromNodeSqlite`, `fromBetterSqlite3`, or a function of your own. */
  readonly executor: SyncAdaptor<Tx>;
}
