import type { Capabilities } from "./contract/capabilities.ts";
import { CloseBudget } from "./base/close-budget.ts";
import type { ConnectionEnvironment } from "./connections/connection.ts";
import type { ConnectionRouter } from "./connections/connection-router.ts";
import type { ConnectOptions } from "./connections/connect-options.ts";
import type { DeadLetterQueue } from "./dead-letters/dead-letter-queue.ts";
import { DeadLetterQueues } from "./dead-letters/dead-letter-queues.ts";
import type { Deliveries } from "./consume/deliveries.ts";
import type { Handler } from "./consume/handler-context.ts";
import { healthOf, type Health } from "./observe/health.ts";
import { applyOn, destroyOn, type PlannedChange, planOn } from "./connections/provisioning.ts";
import { Publishing } from "./publish/publishing.ts";
import { CLOSE_TIMEOUT_LIMITS } from "./options/connect-limits.ts";
import type { Publisher, PublishEntry, PublishOptions, PublishResult } from "./publish/publish-options.ts";
import { closedError, requireOpen } from "./base/require-open.ts";
import { Subscribing } from "./consume/subscribing.ts";
import type { SubscriptionWorker } from "./consume/subscription-worker.ts";
import type { AnySubscription, Subscription } from "./declare/subscription.ts";
import type { AnyTopic, Topic } from "./declare/topic.ts";
import { closeTimeout, type CloseOptions, type SubscribeOptions, type Worker } from "./consume/worker.ts";
import { requireKind } from "./declare/wrong-argument.ts";

/** One connection of a `PubSub`. */
export interface ConnectionInfo {
  readonly name: string;
  /** The adapter's name. */
  readonly adapter: string;
  /** Broker program and version, as the server tells it. */
  readonly server: string;
  readonly capabilities: Capabilities;
  /** The client library's own object, see the adapter's README. */
  readonly native: unknown;
  /** What `plan` cannot see there, in words, and how to look at it by hand; undefined when it sees everything. */
  readonly blindSpot: string | undefined;
}

/**
 * Connected to a broker, or to several: publishes, subscribes, and looks after dead letters. Made by `connect`. All
 * methods may be called concurrently. `adapter`, `server`, `capabilities` and `native` are the default connection's.
 */
export class PubSub implements AsyncDisposable {
  readonly #router: ConnectionRouter;
  readonly #environment: ConnectionEnvironment;
  readonly #closeTimeoutMs: number;
  readonly #publishing: Publishing;
  readonly #subscribing: Subscribing;
  readonly #deadLetters: DeadLetterQueues;
  /** Aborts when closing begins: nobody waits any longer for what is only being opened. */
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;

  /** For `connect`. */
  constructor(router: ConnectionRouter, environment: ConnectionEnvironment, options: ConnectOptions) {
    const { inbox, closeTimeoutMs = CLOSE_TIMEOUT_LIMITS.default } = options;
    const closed = this.#closed.signal;
    this.#router = router;
    this.#environment = environment;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#publishing = new Publishing(router, environment, options);
    this.#subscribing = new Subscribing(router, environment, { inbox, closeTimeoutMs }, closed);
    this.#deadLetters = new DeadLetterQueues(router, environment.clock, closed);
  }

  /** The adapter's name: `"nats"`, `"memory"`, … */
  get adapter(): string {
    return this.#router.default.adapter.name;
  }

  /** Broker program and version, as the server tells it. */
  get server(): string {
    return this.#router.default.driver.server;
  }

  get capabilities(): Capabilities {
    return this.#router.default.capabilities;
  }

  /** The client library's own object, see the adapter's README. */
  get native(): unknown {
    return this.#router.default.driver.native;
  }

  /** The names of all connections, the default one first; without a configuration, only `"default"`. */
  get connections(): readonly string[] {
    return this.#router.names;
  }

  /** One connection by its name in the configuration; opens it when it is not. @throws PubSubError `INVALID_CONFIG` when there is none of that name; what opening it rejects with */
  async connection(name: string): Promise<ConnectionInfo> {
    requireOpen(this.#closed.signal);
    const { adapter, driver, capabilities } = await this.#router.connection(name);
    const { server, native, blindSpot } = driver;
    return Object.freeze({ name, adapter: adapter.name, server, native, capabilities, blindSpot });
  }

  /**
   * Publishes one event and resolves with its id when the broker has durably accepted it.
   *
   * Rejects with a `TypeError` or `INVALID_MESSAGE`, `LIMIT_EXCEEDED` before anything is sent; with `UNAVAILABLE`,
   * `TIMEOUT`, `REJECTED`, … when the broker did not accept it or nobody knows; with `KEY_PAUSED` when an earlier
   * publish of the same ordering key, under way at the same time, failed; with the abort reason when `signal` aborts
   * (the publish may have happened). Events of one topic are sent in the order of the calls; with different keys or
   * none, they may be stored in another order. A topic without subscriptions accepts events, and nobody gets them.
   * With a mirror configured, resolves when both connections have accepted; when one fails, the other may have it.
   *
   * What is published is the value at the time of the call: event, bytes, attributes and options may be changed or reused
   * as soon as this returns. JSON must carry the event exactly: a `Date`, `Map`, `NaN` and the like reject with
   * `INVALID_MESSAGE`, unless the topic's schema makes the same of it after JSON as before.
   */
  publish<Input>(topic: Topic<Input, unknown>, event: Input, options?: PublishOptions): Promise<string> {
    return this.#publishing.publish(topic, event, options);
  }

  /**
   * Publishes several events; one result per entry, in order. A failed entry does not fail its neighbours. Never rejects
   * for an entry's sake. Each entry counts as one publish: those beyond `publish.maxPending` and `publish.maxWaiting`
   * together fail with `RESOURCE_EXHAUSTED`, so give more than that in several batches, one after the other.
   */
  async publishBatch<Input>(
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<Input>[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly PublishResult[]> {
    requireKind("topic", topic);
    return await this.#publishing.publishBatch(topic, entries, options.signal);
  }

  /** An object that can only publish to one topic. */
  publisher<Input>(topic: Topic<Input, unknown>): Publisher<Input> {
    requireKind("topic", topic);
    return Object.freeze({
      topic,
      publish: (event: Input, options?: PublishOptions) => this.publish(topic, event, options),
      publishBatch: (
        entries: readonly PublishEntry<Input>[],
        options?: { readonly signal?: AbortSignal | undefined },
      ) => this.publishBatch(topic, entries, options),
    });
  }

  /**
   * Opens a worker that runs `handler` on the subscription's messages, and resolves when it receives. All workers of a
   * subscription, in whatever process, compete.
   */
  async subscribe<Event>(
    subscription: Subscription<Event>,
    handler: Handler<Event>,
    options: SubscribeOptions = {},
  ): Promise<Worker> {
    return await this.#subscribing.subscribe(subscription, handler, options);
  }

  /**
   * The pull form: an async iterator of deliveries to be settled by hand. At most `maxConcurrency` are unsettled at a
   * time. Leaving the loop closes the worker; what was not settled goes back to the broker.
   */
  deliveries<Event>(subscription: Subscription<Event>, options: SubscribeOptions = {}): Deliveries<Event> {
    return this.#subscribing.deliveries(subscription, options);
  }

  /** The dead letters of a subscription. Opened on first use; closed with this object. */
  deadLetters(subscription: AnySubscription): DeadLetterQueue {
    requireKind("subscription", subscription);
    return this.#deadLetters.of(subscription);
  }

  /** What exists compared with what is declared, on every connection; changes nothing. */
  async plan(declarations: readonly (AnyTopic | AnySubscription)[]): Promise<readonly PlannedChange[]> {
    requireOpen(this.#closed.signal);
    return await planOn(this.#router, declarations);
  }

  /** Creates what is missing; with `update`, also changes what differs and can be changed in place. Returns what was done. */
  async apply(
    declarations: readonly (AnyTopic | AnySubscription)[],
    options: { readonly update?: boolean | undefined } = {},
  ): Promise<readonly PlannedChange[]> {
    requireOpen(this.#closed.signal);
    return await applyOn(this.#router, declarations, options.update ?? false);
  }

  /**
   * Deletes topics and subscriptions with everything in them, on every connection. Give a topic together with its
   * subscriptions: those that are not given get nothing any more, but most brokers keep what belongs to them. A
   * subscription leaves its topic. Returns the names of what was deleted.
   */
  async destroy(declarations: readonly (AnyTopic | AnySubscription)[]): Promise<readonly string[]> {
    requireOpen(this.#closed.signal);
    return await destroyOn(this.#router, declarations);
  }

  /** A snapshot; asks nobody. */
  health(): Health {
    const subscriptions = this.#subscribing.workers.map((worker) => worker.health());
    return healthOf(this.#router.opened, subscriptions, this.#publishing.pending, this.#closed.signal.aborted);
  }

  /**
   * Takes no more messages, waits for running handlers, then for publishes under way, and disconnects.
   *
   * Until the last handler has ended, `publish` works, for everybody; then it rejects with `CLOSED`. Everything else
   * rejects from the beginning.
   *
   * It takes at most `timeoutMs`, for handlers, and 5 s more for all the rest together, whatever the broker and the line
   * do: handlers past their time are given up (their signals abort, their messages go back), publishes that nobody has
   * confirmed reject with `TIMEOUT`, and what cannot be closed politely is closed by force, and logged.
   *
   * Called by a handler, it resolves when no more messages are taken: it cannot wait for its caller. The closing goes on
   * behind it and waits for the handler like for any other. On Node 22 that is recognised up to the handler's first
   * `await`; later, do not wait for it there.
   *
   * Rejects only with a `TypeError` for a wrong option, and has closed nothing then; idempotent; works while disconnected.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const timeoutMs = closeTimeout(options, this.#closeTimeoutMs);
    const { workers } = this.#subscribing;
    const fromHandler = workers.some(({ hasCaller }) => hasCaller);
    this.#closing ??= this.#close(workers, timeoutMs, options.signal);
    await (fromHandler ? Promise.all(workers.map(({ stopped }) => stopped)) : this.#closing);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(
    workers: readonly SubscriptionWorker[],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#closed.abort(closedError());
    const { clock, logger } = this.#environment;
    const budget = new CloseBudget(clock, logger);
    const closing = workers.map((worker) => worker.closeWithin(timeoutMs, signal, budget));
    if (workers.some(({ isBusy }) => isBusy)) await Promise.all(workers.map(({ drained }) => drained));
    budget.begin();
    await Promise.all([...closing, this.#publishing.close(budget)]);
    await this.#deadLetters.close(budget);
    await this.#router.close(budget);
  }
}
