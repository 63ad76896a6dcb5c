import type { Publisher, PublishEntry, PublishOptions, PublishResult, Topic } from "@anytopic/core";

/** What `publishBatch` takes beside the entries. */
export interface BatchOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Publishes as part of a transaction: an event is published exactly if the transaction commits. The event is checked and encoded in the call,
 * and its row is written by the transaction; a relay publishes it after the commit. All methods may be called concurrently, also for one
 * transaction, whose statements then run one after the other in the order of the calls. Made by `createOutbox`.
 *
 * Events of one ordering key are published in the order in which their transactions commit, and inside one transaction in the order of the
 * calls. For that, PostgreSQL and MySQL lock the key until the transaction ends: publish last. Two transactions that publish to the same
 * two keys in opposite order are a deadlock, which the database ends by failing one of them; `publishBatch` sorts the keys.
 *
 * Errors of the database are the library's own, so that the application recognises a deadlock or a lost connection as before.
 */
export interface Outbox<Tx extends object> {
  /**
   * Writes one event, and resolves with its id, which subscribers will see, when the transaction has it.
   *
   * @param tx the open transaction, as the application's library has it
   * @param options as for `PubSub.publish`; `signal` ends only the waiting before the statement
   * @throws TypeError when `tx` is visibly no transaction, or an argument is wrong
   * @throws PubSubError `INVALID_MESSAGE`, or `LIMIT_EXCEEDED` with the option `destinations`: then nothing was sent to the database
   */
  publish<Input>(tx: Tx, topic: Topic<Input, unknown>, event: Input, options?: PublishOptions): Promise<string>;

  /**
   * Writes several events, with one statement for many of them. Resolves with one result per entry, in their order. An entry that cannot be
   * published is not written, and does not affect the others. Rejects when the database fails: then roll back.
   */
  publishBatch<Input>(
    tx: Tx,
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<Input>[],
    options?: BatchOptions,
  ): Promise<readonly PublishResult[]>;

  /** The same interface as `PubSub.publisher`, for code that must not know of the transaction. Contacts nobody. */
  publisher<Input>(tx: Tx, topic: Topic<Input, unknown>): Publisher<Input>;
}

/** An outbox in a database whose library answers at once. `publish` then writes in the call, before it returns its promise. */
export interface SyncOutbox<Tx extends object> extends Outbox<Tx> {
  /**
   * Writes one event, and returns its id. For transaction functions that must not wait, such as that of better-sqlite3.
   *
   * @throws TypeError also when the topic's schema is asynchronous
   */
  publishSync<Input>(
    tx: Tx,
    topic: Topic<Input, unknown>,
    event: Input,
    options?: Omit<PublishOptions, "signal">,
  ): string;
}
