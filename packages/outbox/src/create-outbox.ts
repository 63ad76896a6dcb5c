import { inspect } from "node:util";

import type { Outbox, SyncOutbox } from "./outbox.ts";
import type { AsyncOutboxOptions, OutboxOptions, SyncOutboxOptions } from "./outbox-options.ts";
import { TransactionOutbox } from "./transaction-outbox.ts";

const OPTIONS: readonly string[] = [
  "dialect",
  "executor",
  "schema",
  "tablePrefix",
  "destinations",
  "idSecret",
  "newId",
  "instrumentation",
  "notify",
  "logger",
  "clock",
] satisfies readonly (keyof OutboxOptions | "executor")[];

/**
 * An outbox in the tables of `@anytopic/sql`; see `applyMigrations`. Contacts nobody, and need not be closed. One for the whole process.
 *
 * @throws TypeError when an option is not allowed
 */
export function createOutbox<Tx extends object>(options: AsyncOutboxOptions<Tx>): Outbox<Tx>;
export function createOutbox<Tx extends object>(options: SyncOutboxOptions<Tx>): SyncOutbox<Tx>;
export function createOutbox<Tx extends object>(
  options: AsyncOutboxOptions<Tx> | SyncOutboxOptions<Tx>,
): SyncOutbox<Tx> {
  const unknown = Object.keys(options).filter((key) => !OPTIONS.includes(key));
  if (unknown.length > 0) {
    throw new TypeError(`createOutbox has no option ${inspect(unknown[0])}: known are ${OPTIONS.join(", ")}`);
  }
  if (typeof options.executor !== "function") {
    throw new TypeError("executor: must be a function of a transaction, such as fromPg of @anytopic/sql");
  }
  if (options.notify !== undefined && options.dialect !== "postgres") {
    throw new TypeError(`notify: ${options.dialect} has no notifications: leave it out, relays look by themselves`);
  }
  return new TransactionOutbox(options);
}
