import type { AnyTopic, Clock, Logger } from "@anytopic/core";
import type { SqlPool } from "@anytopic/sql";

/** How a relay publishes. */
export interface RelayOptions {
  /** The database of the outbox, with transactions of its own: `pgPool(pool)`, `postgresPool(sql)`, `mysql2Pool(pool)`, `nodeSqlitePool(database)`. It needs as many connections as `lanes` and one more, and with `listen` another one. */
  readonly pool: SqlPool;
  /** The topics to publish. Messages of other topics wait for another relay. */
  readonly topics: readonly AnyTopic[];
  /** How many lanes this relay publishes at the same time, each in a transaction of its own; 1 to 16. @default 4 */
  readonly lanes?: number | undefined;
  /** The most messages of one transaction, 1 to 500. One transaction reads at most 4 MiB of bodies, or one message. @default 500 */
  readonly batchMessages?: number | undefined;
  /** How long publishing of one transaction may take, in ms; 1,000 to 600,000. What is not confirmed by then is published again. @default 30,000 */
  readonly publishTimeoutMs?: number | undefined;
  /** How often one message is tried that fails for an unknown reason; 1 to 1,000. Then it is parked. @default 10 */
  readonly maxAttempts?: number | undefined;
  /** What happens behind a parked message with an ordering key. `"block"`: its key waits until somebody retries or discards the message. `"skip"`: the messages behind it are published. @default "block" */
  readonly onParked?: "block" | "skip" | undefined;
  /** The pause between two looks into an empty outbox, in ms: soon after the last message, and later. 10 to 60,000. @default 100 and 1,000 */
  readonly pollMs?: { readonly busy?: number | undefined; readonly idle?: number | undefined } | undefined;
  /** Whether to hear `outbox.wake()` of other processes, by `LISTEN` of PostgreSQL; see `CreateOutboxOptions.notify`. Takes one more connection. @default false */
  readonly listen?: boolean | undefined;
  /** Where failures are reported. @default nowhere; see `Relay.health` */
  readonly logger?: Logger | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}
