import type { Publisher, PublishEntry, PublishOptions, PublishResult, PubSub, Topic } from "@anytopic/core";
import { systemClock } from "@anytopic/core";
import { type EncodedPublish, EventEncoder } from "@anytopic/core/relay";
import { type SqlExecutor, type SqlPool, type SyncSqlExecutor, tableNames } from "@anytopic/sql";

import { EncodedResults } from "./insert/encoded-results.ts";
import { InsertStatements, type Statement } from "./insert/insert-statements.ts";
import { requireStorable } from "./insert/require-storable.ts";
import type { BatchOptions, SyncOutbox } from "./outbox.ts";
import type { AsyncOutboxOptions, SyncOutboxOptions } from "./outbox-options.ts";
import { RelayHost } from "./relay/relay-host.ts";
import type { ParkedMessages } from "./relay/parked-messages.ts";
import type { Relay } from "./relay/relay.ts";
import type { RelayOptions } from "./relay/relay-options.ts";
import { TransactionTurns } from "./transaction-turns.ts";

/** The outbox of a database, with either kind of library. */
export class TransactionOutbox<Tx extends object> implements SyncOutbox<Tx> {
  readonly #executorOf: (tx: Tx) => SqlExecutor | SyncSqlExecutor;
  readonly #encoder: EventEncoder;
  readonly #statements: InsertStatements;
  readonly #turns = new TransactionTurns();
  readonly #relays: RelayHost;

  constructor(options: AsyncOutboxOptions<Tx> | SyncOutboxOptions<Tx>) {
    const { dialect, executor } = options;
    const { destinations, idSecret, newId, instrumentation, logger, clock } = options;
    this.#executorOf = executor;
    this.#encoder = new EventEncoder({
      adapter: "outbox",
      destinations,
      idSecret,
      newId,
      instrumentation,
      logger,
      clock,
    });
    this.#statements = new InsertStatements(dialect, options);
    this.#relays = new RelayHost(dialect, tableNames(dialect, options), options.notify, clock ?? systemClock);
  }

  async publish<Input>(
    tx: Tx,
    topic: Topic<Input, unknown>,
    event: NoInfer<Input>,
    options?: PublishOptions,
  ): Promise<string> {
    const encoded = this.#encode(tx, topic, event, options);
    try {
      await this.#turns.run(tx, encoded.valid, options?.signal, () =>
        ran(this.#executorOf(tx), this.#statements.one(encoded)),
      );
    } catch (error) {
      encoded.ended?.({ error });
      throw error;
    }
    encoded.ended?.({ error: undefined });
    return encoded.message.id;
  }

  publishSync<Input>(
    tx: Tx,
    topic: Topic<Input, unknown>,
    event: NoInfer<Input>,
    options?: Omit<PublishOptions, "signal">,
  ): string {
    const encoded = this.#encode(tx, topic, event, options);
    try {
      if (encoded.valid !== undefined) {
        throw new TypeError(
          `topic "${topic.name}": its schema is asynchronous: publishSync needs one that answers at once`,
        );
      }
      requireNoPromise(ran(this.#executorOf(tx), this.#statements.one(encoded)));
    } catch (error) {
      encoded.ended?.({ error });
      throw error;
    }
    encoded.ended?.({ error: undefined });
    return encoded.message.id;
  }

  async publishBatch<Input>(
    tx: Tx,
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<NoInfer<Input>>[],
    { signal }: BatchOptions = {},
  ): Promise<readonly PublishResult[]> {
    this.#requireTransaction(tx);
    const results = new EncodedResults(this.#encoder.encodeBatch(topic, entries, signal));
    try {
      await this.#turns.run(tx, results.valid, signal, () =>
        ran(this.#executorOf(tx), this.#statements.several(results.storable)),
      );
    } catch (error) {
      results.failed(error);
      throw error;
    }
    return results.stored();
  }

  publisher<Input>(tx: Tx, topic: Topic<Input, unknown>): Publisher<Input> {
    return Object.freeze({
      topic,
      publish: (event: Input, options?: PublishOptions) => this.publish(tx, topic, event, options),
      publishBatch: (entries: readonly PublishEntry<Input>[], options?: BatchOptions) =>
        this.publishBatch(tx, topic, entries, options),
    });
  }

  #requireTransaction(tx: Tx): void {
    if ((typeof tx !== "object" && typeof tx !== "function") || tx === null) {
      throw new TypeError(
        `tx is ${tx === null ? "null" : `a ${typeof tx}`}: must be the open transaction of your library`,
      );
    }
    this.#executorOf(tx);
  }

  relay(pubsub: PubSub, options: RelayOptions): Promise<Relay> {
    return this.#relays.open(pubsub, options);
  }

  parked(pool: SqlPool): ParkedMessages {
    return this.#relays.parked(pool);
  }

  wake(): void {
    this.#relays.wake();
  }

  /** Everything that can be refused before a statement is sent. */
  #encode<Input>(
    tx: Tx,
    topic: Topic<Input, unknown>,
    event: NoInfer<Input>,
    options: PublishOptions | undefined,
  ): EncodedPublish {
    this.#requireTransaction(tx);
    const encoded = this.#encoder.encode(topic, event, options);
    try {
      requireStorable(encoded.message);
      return encoded;
    } catch (error) {
      encoded.ended?.({ error });
      throw error;
    }
  }
}

/** Runs statements one after the other: in this call as long as the library answers at once. */
function ran(executor: SqlExecutor | SyncSqlExecutor, statements: readonly Statement[]): void | Promise<void> {
  for (const [index, { sql, params }] of statements.entries()) {
    const answer = executor.query(sql, params);
    if ("then" in answer) return ranAfter(answer, executor, statements.slice(index + 1));
  }
}

async function ranAfter(
  answer: PromiseLike<unknown>,
  executor: SqlExecutor | SyncSqlExecutor,
  statements: readonly Statement[],
): Promise<void> {
  await answer;
  for (const { sql, params } of statements) await executor.query(sql, params);
}

function requireNoPromise(answer: void | Promise<void>): void {
  if (answer === undefined) return;
  // Its result has no reader any more.
  answer.catch(() => {});
  throw new TypeError("this library answers by promises: use publish, and roll this transaction back");
}
