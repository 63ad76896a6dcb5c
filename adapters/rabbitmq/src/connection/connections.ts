import { ConnectionStatus, type DriverContext } from "@anytopic/core/driver";
import { Connection, type ConnectionPurpose } from "../connection.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type { CheckedOptions } from "../options.ts";
import { QueueSender } from "../publish/queue-sender.ts";
import { KnownWaitQueues } from "../retry/known-wait-queues.ts";

/**
 * The connections of one driver, and what all its parts share.
 *
 * A broker that is short of memory or disk stops reading from connections that publish. Acks must continue then, so consuming
 * has its own connection, which also manages topology. Dead letters have a third one: to get a message from a queue that
 * is just being created ends the whole connection on 3.10.8 (541), and that must not end workers. All but the first are opened
 * when first needed.
 */
export class Connections {
  readonly options: CheckedOptions;
  readonly context: DriverContext;
  readonly consuming: Connection;
  readonly publishing: Connection;
  /** `consuming`, and more when there are many workers. */
  readonly ofWorkers: ConnectionPool;
  /** `publishing`, and more when there are many topics. */
  readonly ofTopics: ConnectionPool;
  readonly sender: QueueSender;
  readonly waitQueues: KnownWaitQueues;
  readonly #letters: Connection;
  readonly #started = new Map<Connection, Promise<void>>();
  #lastOrder = 0;
  #closed = false;

  constructor(options: CheckedOptions, context: DriverContext) {
    this.options = options;
    this.context = context;
    const status = new ConnectionStatus<ConnectionPurpose>((state, error) => context.status(state, error));
    this.consuming = new Connection(options, context, "consume", status);
    this.publishing = new Connection(options, context, "publish", status);
    this.ofWorkers = new ConnectionPool(this.consuming, (number) => this.#another(`consume ${number}`, status));
    this.ofTopics = new ConnectionPool(this.publishing, (number) => this.#another(`publish ${number}`, status));
    // Not part of the health: no message waits for it, and the caller gets the error.
    this.#letters = new Connection(options, context, "letters", new ConnectionStatus(() => {}));
    this.sender = new QueueSender(this.publishing);
    this.waitQueues = new KnownWaitQueues(context.clock);
  }

  /** Opens the connection to publish. If the first attempt fails, it reconnects by itself. */
  async startPublishing(): Promise<void> {
    await this.#start(this.publishing);
  }

  /** The connection to read dead letters. */
  async letters(): Promise<Connection> {
    await this.#start(this.#letters);
    return this.#letters;
  }

  /**
   * Numbers that only increase: microseconds since 1970 if the clock allows, otherwise the last one plus one. They tell which of two
   * messages of one key was published first, also across processes as far as their clocks agree.
   */
  nextOrder(): number {
    this.#lastOrder = Math.max(this.#lastOrder + 1, Math.trunc(this.context.clock.now() * 1000));
    return this.#lastOrder;
  }

  /** All at once, so that one time limit covers all. */
  async close(timeoutMs?: number): Promise<void> {
    this.#closed = true;
    const parts = [this.sender, this.ofTopics, this.#letters, this.ofWorkers];
    await Promise.all(parts.map((part) => part.close(timeoutMs)));
  }

  async #another(purpose: ConnectionPurpose, status: ConnectionStatus<ConnectionPurpose>): Promise<Connection> {
    const connection = new Connection(this.options, this.context, purpose, status);
    await this.#start(connection);
    // Closing did not know of it.
    if (this.#closed) await connection.close(0);
    return connection;
  }

  #start(connection: Connection): Promise<void> {
    // The node that `consuming` found is the most likely to be up.
    const started = this.#started.get(connection) ?? connection.start(this.consuming.turn - 1);
    this.#started.set(connection, started);
    return started;
  }
}
