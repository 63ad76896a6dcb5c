import { type Clock, type PubSub, PubSubError } from "@anytopic/core";
import type { Dialect, SqlExecutor, SqlPool, TableNames } from "@anytopic/sql";
import { checkedRelayOptions } from "./checked-options.ts";
import { type ParkedMessages, SqlParkedMessages } from "./parked-messages.ts";
import { Relay } from "./relay.ts";
import type { RelayOptions } from "./relay-options.ts";
import { type OutboxTables, outboxTables } from "./sql/outbox-tables.ts";
import { run, sql } from "./sql/statement.ts";
import { WakeCalls, wakeChannel } from "./wake-calls.ts";

/** What an outbox has to do with relays. */
export class RelayHost {
  readonly #dialect: Dialect;
  readonly #tables: OutboxTables;
  readonly #calls: WakeCalls;

  constructor(dialect: Dialect, name: TableNames, notify: SqlExecutor | undefined, clock: Clock) {
    this.#dialect = dialect;
    this.#tables = outboxTables(name);
    this.#calls = new WakeCalls(notify, wakeChannel(this.#tables), clock);
  }

  async open(pubsub: PubSub, options: RelayOptions): Promise<Relay> {
    const checked = checkedRelayOptions(options);
    this.#requireDialect(checked.pool);
    await this.#requireTables(checked.pool);
    return new Relay(pubsub, this.#tables, checked, this.#calls);
  }

  parked(pool: SqlPool): ParkedMessages {
    this.#requireDialect(pool);
    return new SqlParkedMessages(pool, this.#tables, () => this.#calls.wake());
  }

  wake(): void {
    this.#calls.wake();
  }

  #requireDialect({ dialect }: SqlPool): void {
    if (dialect === this.#dialect) return;
    throw new TypeError(`pool: it speaks ${dialect}, and the outbox is in a database that speaks ${this.#dialect}`);
  }

  async #requireTables(pool: SqlPool): Promise<void> {
    try {
      await run(pool, sql`SELECT COUNT(*) AS number FROM ${this.#tables.lane}`);
    } catch (cause) {
      if (!isMissingTable(cause)) throw cause;
      const table = this.#tables.lane.parts[0] as string;
      const remedy = "apply the migrations of @anytopic/sql, or correct schema and tablePrefix";
      throw new PubSubError("NOT_FOUND", `relay: there is no table ${table}: ${remedy}`, { cause });
    }
  }
}

/** PostgreSQL's `undefined_table` and `invalid_schema_name`, the same of MySQL and MariaDB, and SQLite, which has only the text. */
function isMissingTable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : undefined;
  return (
    code === "42P01" ||
    code === "3F000" ||
    code === "ER_NO_SUCH_TABLE" ||
    code === "ER_BAD_DB_ERROR" ||
    error.message.startsWith("no such table")
  );
}
