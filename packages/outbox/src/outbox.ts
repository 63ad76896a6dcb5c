import type { Publisher, PublishEntry, PublishOptions, PublishResult, PubSub, Topic } from "@anytopic/core";
import type { SqlPool } from "@anytopic/sql";

import type { ParkedMessages } from "./relay/parked-messages.ts";
import type { Relay } from "./relay/relay.ts";
import type { RelayOptions } from "./relay/relay-options.ts";

/** What `publishBatch` takes beside the entries. */
export interface BatchOptions {
  /** When it aborts, the call rejects with the abort reason. @default none */
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
   * With `deliverAt` or `delayMs` the event is written into the table of `sqlScheduleStore` instead, and a connection with that store publishes
   * it when it is due.
   *
   * @param options as for `PubSub.publish`; `signal` ends only the waiting before the statement
   * @throws TypeError when `tx` is visibly no transaction, or an argument is wrong
   * @throws PubSubError `INVALID_MESSAGE`, or `LIMIT_EXCEEDED` with the option `destinations`: then nothing was sent to the database
   */
  publish<Input>(
    tx: Tx,
    topic: Topic<Input, unknown>,
    event: NoInfer<Input>,
    options?: PublishOptions,
  ): Promise<string>;

  /**
   * Writes several events, with one statement for many of them. Resolves with one result per entry, in their order. An entry that cannot be
   * published is not written, and does not affect the others. Rejects when the database fails: then roll back.
   */
  publishBatch<Input>(
    tx: Tx,
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<NoInfer<Input>>[],
    options?: BatchOptions,
  ): Promise<readonly PublishResult[]>;

  /** The same interface as `PubSub.publisher`, for code that must not know of the transaction. Contacts nobody. */
  publisher<Input>(tx: Tx, topic: Topic<Input, unknown>): Publisher<Input>;

  /**
   * Publishes what was committed, until it is closed; see `Relay`. Resolves when the tables were read for the first time. The relay closes neither
   * the pool nor `pubsub`: close it before them.
   *
   * @param pubsub the result of `connect`, with which the topics are published
   * @throws TypeError when an option is not allowed
   * @throws PubSubError `NOT_FOUND` when the tables are not there; else the library's own error
   */
  relay(pubsub: PubSub, options: RelayOptions): Promise<Relay>;

  /** The messages that relays could not publish. Contacts nobody. */
  parked(pool: SqlPool): ParkedMessages;

  /**
   * Tells the relays of this process to look at once, and with the option `notify` those of other processes. Call it after the commit: it
   * saves the time until their next look. Returns at once; a call that is lost costs only that time.
   */
  wake(): void;
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
    event: NoInfer<Input>,
    options?: Omit<PublishOptions, "signal">,
  ): string;
}
