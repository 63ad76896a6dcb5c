import { randomUUID } from "node:crypto";
import {
  type Handler,
  type HandlerResult,
  type InboxClaim,
  type InboxStore,
  RetryAfter,
  type Subscription,
} from "@anytopic/core";
import type { Dialect } from "../dialect.ts";
import type { SqlExecutor, SyncSqlExecutor } from "../executor.ts";
import { tableNames } from "../table-names.ts";
import type { AnyExecutor, Answer, InboxRow, InboxStatements } from "./inbox-statements.ts";
import { isLockError } from "./lock-errors.ts";
import { mysqlStatements } from "./mysql-statements.ts";
import { postgresStatements } from "./postgres-statements.ts";
import {
  checkInTransactionOptions,
  checkSqlInboxOptions,
  type InTransactionOptions,
  LOCK_TIMEOUT_MS,
  type SqlInboxOptions,
} from "./sql-inbox-options.ts";
import { sqliteStatements } from "./sqlite-statements.ts";
import { type TransactionContext, withTransaction } from "./transaction-context.ts";

const STATEMENTS: Readonly<Record<Dialect, (table: string) => InboxStatements>> = {
  postgres: postgresStatements,
  mysql: mysqlStatements,
  sqlite: sqliteStatements,
};

/** How many rows one statement deletes: a large one would hold its locks, and the relay of changes, for long. */
const REMOVED_AT_ONCE = 1000;
/** After how many marks, on average, expired rows are deleted: fewer than are deleted at once, so that a backlog shrinks. */
const MARKS_PER_REMOVAL = 500;
/** The pause before a message is tried again whose other copy is being handled, in ms. */
const RETRY_MS = 1000;

/** What a transaction of the application does for one message. */
export type Work<Tx> = (tx: Tx) => Promise<void>;
/** Runs `work` in a transaction of the application's own library, which it rolls back and rejects when `work` rejects. */
export type RunsTransaction<Tx> = (work: Work<Tx>) => PromiseLike<unknown>;
/** The same for a library that answers at once. */
export type RunsSyncTransaction<Tx> = (work: (tx: Tx) => void) => unknown;

/**
 * The ids of handled messages in an SQL database: several processes share it, and it outlives them.
 *
 * @param database each of its statements must be committed by itself: `autocommitPg(pool)`, `autocommitMysql2(pool)`, …
 * @throws TypeError when an option is unknown or not allowed
 */
export function sqlInbox<Tx = never>(
  database: SqlExecutor | SyncSqlExecutor,
  options: SqlInboxOptions<Tx>,
): SqlInbox<Tx> {
  return new SqlInbox(database, options);
}

/** See `sqlInbox`. Its table is that of the migration `002-inbox`. All methods may be called concurrently. */
export class SqlInbox<in Tx> implements InboxStore {
  readonly #database: AnyExecutor;
  readonly #options: SqlInboxOptions<Tx>;
  readonly #statements: InboxStatements;
  readonly #random: () => number;
  #marksLeft: number;
  #removing = false;

  constructor(database: AnyExecutor, options: SqlInboxOptions<Tx>) {
    checkSqlInboxOptions(options);
    const { dialect, random = Math.random } = options;
    const table = tableNames(dialect, options)("inbox");
    this.#database = database;
    this.#options = options;
    this.#statements = STATEMENTS[dialect](table);
    this.#random = random;
    this.#marksLeft = this.#nextRemoval();
  }

  async claim(subscription: string, id: string, leaseMs: number): Promise<InboxClaim> {
    const token = randomUUID();
    const state = await this.#statements.claim(this.#database, { subscription, id, token }, leaseMs);
    return state === "claimed" ? { state, token } : { state };
  }

  async extend(subscription: string, id: string, token: string, leaseMs: number): Promise<boolean> {
    return await this.#statements.extend(this.#database, { subscription, id, token }, leaseMs);
  }

  async complete(subscription: string, id: string, token: string, retainMs: number): Promise<boolean> {
    const held = await this.#statements.complete(this.#database, { subscription, id, token }, retainMs);
    this.#marked();
    return held;
  }

  async abandon(subscription: string, id: string, token: string): Promise<boolean> {
    return await this.#statements.abandon(this.#database, { subscription, id, token });
  }

  /** `complete` in a transaction of the application, for `context.inbox.complete(tx)`. At once with a synchronous adaptor. */
  completeIn(
    tx: unknown,
    subscription: string,
    id: string,
    token: string,
    retainMs: number,
  ): boolean | Promise<boolean> {
    return this.#statements.complete(this.#adapted(tx as Tx), { subscription, id, token }, retainMs);
  }

  /**
   * A handler that runs in a transaction of the application, together with the mark that its message was handled: both are committed, or
   * none. A message whose mark exists does not run. A message that another transaction is handling waits for that one, and is retried
   * when the wait takes too long. This needs no exactly-once topic, and no lease: it holds for as long as the transaction is open.
   *
   * @param transaction the library's own: `(work: Work<Tx>) => db.transaction(work)`
   * @throws TypeError without the option `executor`, and when an option is not allowed
   */
  inTransaction<Event, Own extends Tx>(
    subscription: Subscription<Event>,
    transaction: RunsTransaction<Own>,
    handler: (event: Event, context: TransactionContext<Own>) => HandlerResult,
    options: InTransactionOptions = {},
  ): Handler<Event> {
    const { path, marked } = this.#marking(subscription, options);
    return async (event, context) => {
      let succeeded = false;
      await transaction(async (tx) => {
        succeeded = false;
        const isFirst = await retriedWhenLocked(() => marked(tx, { ...path, id: context.id, token: randomUUID() }));
        if (isFirst) await handler(event, withTransaction(context, tx));
        succeeded = true;
      });
      requireSucceeded(succeeded);
      this.#marked();
    };
  }

  /**
   * `inTransaction` for a library that answers at once, such as `node:sqlite` and better-sqlite3: transaction and handler are synchronous,
   * so that nothing else of this process gets into the transaction.
   */
  inTransactionSync<Event, Own extends Tx>(
    subscription: Subscription<Event>,
    transaction: RunsSyncTransaction<Own>,
    handler: (event: Event, context: TransactionContext<Own>) => void,
    options: InTransactionOptions = {},
  ): Handler<Event> {
    const { path, marked } = this.#marking(subscription, options);
    return (event, context) => {
      let succeeded = false;
      transaction((tx) => {
        succeeded = false;
        const isFirst = retriedWhenLockedSync(() => marked(tx, { ...path, id: context.id, token: randomUUID() }));
        if (typeof isFirst !== "boolean")
          throw new TypeError("inTransactionSync needs a synchronous adaptor, such as fromNodeSqlite");
        const returned: unknown = isFirst ? handler(event, withTransaction(context, tx)) : undefined;
        if (isThenable(returned))
          throw new TypeError("inTransactionSync: the handler returned a promise: it would end after the commit");
        succeeded = true;
      });
      requireSucceeded(succeeded);
      this.#marked();
    };
  }

  /** Deletes rows that nobody needs any longer, up to `limit`, and returns about how many. Safe in several processes at once. */
  async removeExpired(limit: number = REMOVED_AT_ONCE): Promise<number> {
    return await this.#statements.removeExpired(this.#database, limit);
  }

  #marking(
    { name, topic }: Subscription,
    options: InTransactionOptions,
  ): { readonly path: Pick<InboxRow, "subscription">; readonly marked: (tx: Tx, row: InboxRow) => Answer } {
    this.#requireExecutor();
    checkInTransactionOptions(this.#options.dialect, options);
    const { retainMs = topic.retentionMs, lockTimeoutMs = LOCK_TIMEOUT_MS.default } = options;
    return {
      path: { subscription: `${topic.name}/${name}` },
      marked: (tx, row) => this.#statements.mark(this.#adapted(tx), row, { retainMs, lockTimeoutMs }),
    };
  }

  #adapted(tx: Tx): AnyExecutor {
    return this.#requireExecutor()(tx);
  }

  #requireExecutor(): NonNullable<SqlInboxOptions<Tx>["executor"]> {
    const { executor } = this.#options;
    if (executor !== undefined) return executor;
    throw new TypeError(
      "this inbox cannot use transactions of the application: give sqlInbox an adaptor, such as { executor: fromPg }",
    );
  }

  /** Deletes expired rows now and then, beside the messages: nothing waits for it, and what fails is tried again later. */
  #marked(): void {
    this.#marksLeft -= 1;
    if (this.#marksLeft > 0 || this.#removing || this.#options.removesExpired === false) return;
    this.#marksLeft = this.#nextRemoval();
    this.#removing = true;
    const end = (): void => void (this.#removing = false);
    this.removeExpired().then(end, end);
  }

  /** With jitter, so that several processes do not do it at the same time. */
  #nextRemoval(): number {
    return Math.ceil(MARKS_PER_REMOVAL * (0.5 + this.#random()));
  }
}

/** A message must not be acknowledged whose work was not done. */
function requireSucceeded(succeeded: boolean): void {
  if (succeeded) return;
  throw new TypeError(
    "the transaction function ended without an error, but its work did not: it must call work(tx), and reject when that rejects",
  );
}

async function retriedWhenLocked(mark: () => Answer): Promise<boolean> {
  try {
    return await mark();
  } catch (error) {
    throw asRetry(error);
  }
}

function retriedWhenLockedSync(mark: () => Answer): Answer {
  try {
    return mark();
  } catch (error) {
    throw asRetry(error);
  }
}

function asRetry(error: unknown): unknown {
  if (!isLockError(error)) return error;
  return new RetryAfter(RETRY_MS, "another transaction is handling the same message", { cause: error });
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
