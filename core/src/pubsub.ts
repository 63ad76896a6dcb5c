// Over 300 lines: the public interface in one place, most of it promises.
import type { Capabilities } from "./contract/capabilities.ts";
import type { ScheduledEntry } from "./contract/due.ts";
import type { BatchHandler, BatchSubscribeOptions } from "./consume/batch/batch-handler.ts";
import { CloseBudget } from "./base/close-budget.ts";
import type { ConnectionInfo } from "./connections/connection-info.ts";
import type { ConnectionEnvironment } from "./connections/connection.ts";
import type { ConnectionRouter } from "./connections/connection-router.ts";
import type { ConnectOptions } from "./connections/connect-options.ts";
import type { DeadLetterQueue } from "./dead-letters/dead-letter-queue.ts";
import { DeadLetterQueues } from "./dead-letters/dead-letter-queues.ts";
import type { Deliveries } from "./consume/deliveries.ts";
import { offerRedeliver } from "./dead-letters/redeliver.ts";
import { type DeclarationRoute, routeOn } from "./connections/declaration-route.ts";
import { type FilterPlace, filterPlacesOn } from "./connections/filter-places.ts";
import type { Handler } from "./consume/handler-context.ts";
import type { BatchDrainOptions, DrainOptions, DrainResult } from "./consume/drain/drain-options.ts";
import { healthOf, type Health } from "./observe/health.ts";
import { applyOn, destroyOn, type PlannedChange, planOn } from "./connections/provisioning.ts";
import { rejectUnknownKeys } from "./options/option-checks.ts";
import { offerPublishEncoded } from "./publish/publish-encoded.ts";
import { Publishing } from "./publish/publishing.ts";
import { Scheduling, type ScheduledOptions } from "./dispatch/scheduling.ts";
import { CLOSE_TIMEOUT_LIMITS } from "./options/connect-limits.ts";
import type { Publisher, PublishEntry, PublishOptions, PublishResult } from "./publish/publish-options.ts";
import { closedError, requireOpen } from "./base/require-open.ts";
import { seekOn } from "./connections/seek.ts";
import type { SeekOptions } from "./connections/seek-options.ts";
import { Subscribing } from "./consume/subscribing.ts";
import type { PausableWorker } from "./consume/pausable-worker.ts";
import type { AnySubscription, Declaration, Subscription } from "./declare/subscription.ts";
import type { AnyTopic, Topic } from "./declare/topic.ts";
import { statisticsOn } from "./connections/statistics.ts";
import type { SubscriptionStatistics } from "./contract/statistics.ts";
import { closeTimeout, type CloseOptions, type SubscribeOptions, type Worker } from "./consume/worker.ts";
import { requireKind } from "./declare/wrong-argument.ts";

/**
 * A connection to one or several brokers: publishes, subscribes, and manages dead letters. Made by `connect`. All methods
 * may be called concurrently. `adapter`, `server`, `capabilities` and `native` describe the default connection.
 */
export class PubSub<Native = unknown> implements AsyncDisposable {
  readonly #router: ConnectionRouter;
  readonly #environment: ConnectionEnvironment;
  readonly #closeTimeoutMs: number;
  readonly #publishing: Publishing;
  readonly #scheduling: Scheduling;
  readonly #subscribing: Subscribing;
  readonly #deadLetters: DeadLetterQueues;
  /** Aborts when closing begins: then nothing waits for a topic or subscription that is still being opened. */
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;
  #isClosing = false;

  /** For `connect`. */
  constructor(router: ConnectionRouter, environment: ConnectionEnvironment, options: ConnectOptions) {
    const { inbox, closeTimeoutMs = CLOSE_TIMEOUT_LIMITS.default } = options;
    const closed = this.#closed.signal;
    this.#router = router;
    this.#environment = environment;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#scheduling = new Scheduling(router, environment, options, closed);
    this.#publishing = new Publishing(router, environment, options, this.#scheduling);
    offerPublishEncoded(this, (topic, messages, signal) => this.#publishing.publishEncoded(topic, messages, signal));
    this.#subscribing = new Subscribing(router, environment, { inbox, closeTimeoutMs }, closed);
    this.#deadLetters = new DeadLetterQueues(router, environment, closed);
    offerRedeliver(this, (subscription, message, signal) => this.#deadLetters.redeliver(subscription, message, signal));
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

  /** The client library's own object, see the adapter's README. It has a type after `connect(nats(…))`, and is `unknown` after `connect(url)`. */
  get native(): Native {
    return this.#router.default.driver.native as Native;
  }

  /** The names of all connections, the default one first; without a configuration, only `"default"`. */
  get connections(): readonly string[] {
    return this.#router.names;
  }

  /**
   * One connection by its name in the configuration. Opens it when it is not open yet.
   *
   * @throws PubSubError `INVALID_CONFIG` when no connection has that name, `CLOSED` after `close`, and every error with which
   *   opening can fail (see `connect`)
   */
  async connection(name: string): Promise<ConnectionInfo> {
    requireOpen(this.#closed.signal);
    const { adapter, driver, capabilities } = await this.#router.connection(name);
    const { server, native, blindSpot } = driver;
    return Object.freeze({ name, adapter: adapter.name, server, native, capabilities, blindSpot });
  }

  /**
   * Publishes one event and resolves with its id when the broker has durably accepted it.
   *
   * Rejects
   * - before anything is sent: with a `TypeError`, `INVALID_MESSAGE` or `LIMIT_EXCEEDED`;
   * - when the broker did not accept the event, or the outcome is unknown: with `UNAVAILABLE`, `TIMEOUT`, `REJECTED`, …;
   * - when an earlier publish with the same ordering key was pending and failed: with `KEY_PAUSED`;
   * - when `signal` aborts: with the abort reason. The publish may have happened.
   *
   * Events of one topic are sent in the order of the calls. Events with different ordering keys, or without one, may be
   * stored in another order. A topic without subscriptions accepts events, and nobody receives them. With a mirror, this
   * resolves when both connections have accepted the event; when one fails, the other may have it.
   *
   * The value at the time of the call is published: the caller may change or reuse the event, its bytes, attributes and
   * options as soon as this returns. JSON must carry the event exactly: a `Date`, a `Map` or `NaN` rejects with
   * `INVALID_MESSAGE`, unless the topic's schema gives the same result for the decoded event as for the original.
   */
  publish<Input>(topic: Topic<Input, unknown>, event: NoInfer<Input>, options?: PublishOptions): Promise<string> {
    return this.#publishing.publish(topic, event, options);
  }

  /**
   * Publishes several events. Resolves with one result per entry, in the order of the entries. An entry that fails does not
   * affect the others and does not reject the call. Each entry counts as one publish: entries beyond `publish.maxPending` plus
   * `publish.maxWaiting` fail with `RESOURCE_EXHAUSTED`. Publish more events than that in several batches, one after the other.
   *
   * @throws TypeError when `topic` or `entries` is wrong
   * @throws PubSubError when the topic cannot be opened, for example `UNAVAILABLE` or `NOT_FOUND`
   */
  async publishBatch<Input>(
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<NoInfer<Input>>[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly PublishResult[]> {
    requireKind("topic", topic);
    return await this.#publishing.publishBatch(topic, entries, options.signal);
  }

  /**
   * Cancels a message that was published with `deliverAt` or `delayMs` and is not due yet. Resolves with true when it will never be
   * delivered. False: nobody knows the id, or it is too late, because the message was published or an attempt to publish it has begun.
   *
   * Rejects with a `TypeError` for a wrong argument, `NOT_SUPPORTED` where the messages wait in a broker that cannot cancel them (see
   * `Capabilities.publishDelay`), `UNAVAILABLE`, `CLOSED`, or the abort reason of `signal`.
   */
  async cancel(
    topic: AnyTopic,
    id: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<boolean> {
    rejectUnknownKeys("cancel", options, ["signal"]);
    return await this.#scheduling.cancel(topic, id, options.signal);
  }

  /**
   * The messages of a topic that wait until they are due, without their bodies, the first due first. Rejects as `cancel` does;
   * `NOT_SUPPORTED` where they wait in a broker that cannot list them.
   */
  async scheduled(topic: AnyTopic, options: ScheduledOptions = {}): Promise<readonly ScheduledEntry[]> {
    return await this.#scheduling.list(topic, options);
  }

  /** An object that can only publish to this topic. Contacts nobody. */
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
   * Opens a worker as below, with a handler that gets several messages at once, see `BatchHandler`. Leases, attempts, retries and dead letters stay those
   * of each message.
   */
  subscribe<Event>(
    subscription: Subscription<Event>,
    handler: BatchHandler<Event>,
    options: BatchSubscribeOptions,
  ): Promise<Worker>;
  /**
   * Opens a worker that runs `handler` for each message of the subscription. Resolves when the worker receives messages. All
   * workers of a subscription compete for its messages, also those in other processes. With an ordering key, the messages of
   * one key are handled one after the other, in the order of publishing.
   *
   * @throws TypeError when an argument is wrong
   * @throws PubSubError `NOT_SUPPORTED`, `NOT_FOUND`, `TOPOLOGY_MISMATCH`, `UNAVAILABLE`, … when the worker cannot be opened
   */
  subscribe<Event>(
    subscription: Subscription<Event>,
    handler: Handler<Event>,
    options?: SubscribeOptions,
  ): Promise<Worker>;
  async subscribe<Event>(
    subscription: Subscription<Event>,
    handler: Handler<Event> | BatchHandler<Event>,
    options: SubscribeOptions | BatchSubscribeOptions = {},
  ): Promise<Worker> {
    return await this.#subscribing.subscribe(subscription, handler, options);
  }

  /**
   * A worker that ends by itself, for scheduled jobs and tests: it handles what the subscription has, as `subscribe` does, until nothing
   * has arrived for `untilIdleMs`, or until `maxMessages` or `maxMs` is reached. Then it waits for its handlers, and resolves with
   * what it has done. What a handler throws is retried by the retry policy, and does not reject this call.
   *
   * Rejects as `subscribe` does when it cannot be opened, with the error of the broker when the subscription cannot receive and no repair
   * will help (such as `NOT_FOUND`), with `CLOSED` when it is closed before its end, and with the abort reason of `signal`.
   */
  drain<Event>(
    subscription: Subscription<Event>,
    handler: BatchHandler<Event>,
    options: BatchDrainOptions,
  ): Promise<DrainResult>;
  drain<Event>(
    subscription: Subscription<Event>,
    handler: Handler<Event>,
    options?: DrainOptions,
  ): Promise<DrainResult>;
  async drain<Event>(
    subscription: Subscription<Event>,
    handler: Handler<Event> | BatchHandler<Event>,
    options: DrainOptions | BatchDrainOptions = {},
  ): Promise<DrainResult> {
    return await this.#subscribing.drain(subscription, handler, options);
  }

  /**
   * The pull form: an async iterator of deliveries that the caller settles. At most `maxConcurrency` deliveries are unsettled
   * at a time. Leaving the loop closes the worker, and every delivery that is not settled is released. An error while opening
   * rejects the first `next`.
   */
  deliveries<Event>(subscription: Subscription<Event>, options: SubscribeOptions = {}): Deliveries<Event> {
    return this.#subscribing.deliveries(subscription, options);
  }

  /** `Worker.pause` of all workers that are open here for a subscription, also in the pull form. Those that are opened later are not paused. */
  async pause(subscription: AnySubscription): Promise<void> {
    await this.#subscribing.pause(subscription);
  }

  /** `Worker.resume` of all workers that are open here for a subscription. */
  async resume(subscription: AnySubscription): Promise<void> {
    await this.#subscribing.resume(subscription);
  }

  /** The dead-letter queue of a subscription. It is opened by the first call of one of its methods, and closed with this object. */
  deadLetters(subscription: AnySubscription): DeadLetterQueue {
    requireKind("subscription", subscription);
    return this.#deadLetters.of(subscription);
  }

  /** Compares what exists on every connection with the declarations, and returns the differences. Changes nothing. */
  async plan(declarations: readonly (AnyTopic | AnySubscription)[]): Promise<readonly PlannedChange[]> {
    requireOpen(this.#closed.signal);
    return await planOn(this.#router, declarations);
  }

  /**
   * Creates what is missing. With `update`, also changes what differs and can be changed in place; default false. Returns what
   * was done. Several processes may do this at the same time.
   */
  async apply(
    declarations: readonly (AnyTopic | AnySubscription)[],
    options: { readonly update?: boolean | undefined } = {},
  ): Promise<readonly PlannedChange[]> {
    requireOpen(this.#closed.signal);
    return await applyOn(this.#router, declarations, options.update ?? false);
  }

  /**
   * Deletes topics and subscriptions with all their messages, on every connection. Give a topic together with all its
   * subscriptions: a subscription that is not given receives nothing from then on, and most brokers keep its resources. To
   * delete a subscription does not delete its topic. Returns the broker's names of what was deleted.
   */
  async destroy(declarations: readonly (AnyTopic | AnySubscription)[]): Promise<readonly string[]> {
    requireOpen(this.#closed.signal);
    return await destroyOn(this.#router, declarations);
  }

  /**
   * What the broker says about the messages of a subscription now, on all its connections together. A number that the broker does not
   * tell is `undefined`, never 0; see `capabilities.statistics`. Costs one or two requests for each connection, and creates nothing.
   * Poll at most every 15 s, in one process. What changes meanwhile may be counted twice or not at all. Rejects with a `TypeError` for a wrong argument, `NOT_FOUND`, `UNAVAILABLE` while disconnected, `TIMEOUT`
   * after 5 s, `CLOSED`, or the abort reason of `signal`.
   */
  async stats(
    subscription: AnySubscription,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<SubscriptionStatistics> {
    requireKind("subscription", subscription);
    rejectUnknownKeys("stats", options, ["signal"]);
    const closed = this.#closed.signal;
    requireOpen(closed);
    return await statisticsOn(this.#router, subscription, this.#environment.clock, [options.signal, closed]);
  }

  /**
   * The connections of a topic or a subscription, and its declaration with what the configuration says instead. Asks nobody.
   *
   * @throws TypeError when it is no declaration
   * @throws PubSubError `INVALID_CONFIG` when the declaration and its configuration contradict each other
   */
  routeOf<Declared extends Declaration>(declared: Declared): DeclarationRoute<Declared> {
    requireKind(declared?.kind === "topic" ? "topic" : "subscription", declared);
    return routeOn(this.#router.routes, declared);
  }

  /**
   * Where the filter of a subscription is applied, on each of its connections; empty when it has none. Workers apply every filter: this says
   * whether the broker does so before. Opens the connections, and asks no broker.
   */
  async filterPlaces(subscription: AnySubscription): Promise<readonly FilterPlace[]> {
    requireKind("subscription", subscription);
    requireOpen(this.#closed.signal);
    return await filterPlacesOn(this.#router, subscription);
  }

  /**
   * Puts a subscription of a topic with `replay: true` to another position: back, to handle messages again, or to the end, to drop the
   * backlog. What it promises, and how it rejects, is described at `SeekOptions` and in `docs/guides/replay.md`.
   */
  async seek(subscription: AnySubscription, options: SeekOptions): Promise<void> {
    await seekOn(this.#router, subscription, options, this.#environment.clock, this.#closed.signal);
  }

  /** The subscriptions that have a worker here. */
  get subscriptions(): readonly AnySubscription[] {
    return this.#subscribing.subscriptions;
  }

  /** The state of all connections and workers now. Cheap: no request to a broker. */
  health(): Health {
    return healthOf(this.#router.opened, {
      subscriptions: this.#subscribing.workers.map((worker) => worker.health()),
      publishing: this.#publishing.pending + this.#scheduling.pending,
      isClosing: this.#isClosing,
      isClosed: this.isClosed,
    });
  }

  /** The process is about to end: from now on `health().closing` is true, for load balancers. Everything works on until `close`. Idempotent. */
  announceClose(): void {
    this.#isClosing = true;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /**
   * Stops receiving, waits for running handlers, then for pending publishes, and disconnects.
   *
   * `publish` works until the last handler has ended, and rejects with `CLOSED` after that. All other methods reject as soon as
   * closing begins.
   *
   * Closing takes at most `timeoutMs` for handlers, and 5 s for everything else together, whatever the broker and the network
   * do. Handlers that are still running after `timeoutMs` are abandoned: their signals abort and their messages are released.
   * Publishes that the broker has not confirmed reject with `TIMEOUT`. What does not close in time is closed by force and logged.
   *
   * A handler may call this. The promise then resolves when no more messages are received, because it cannot wait for its own
   * caller; closing goes on and waits for that handler. On Node 22 this works up to the handler's first `await`. After it, the
   * handler must not await the promise.
   *
   * Idempotent. Works while disconnected. Rejects only with a `TypeError` for a wrong option, and then nothing was closed.
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

  async #close(workers: readonly PausableWorker[], timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    this.#isClosing = true;
    this.#closed.abort(closedError());
    const { clock, logger } = this.#environment;
    const budget = new CloseBudget(clock, logger);
    const closing = workers.map((worker) => worker.closeWithin(timeoutMs, signal, budget));
    if (workers.some(({ isBusy }) => isBusy)) await Promise.all(workers.map(({ drained }) => drained));
    budget.begin();
    await Promise.all([...closing, this.#publishing.close(budget), this.#scheduling.close(budget)]);
    await this.#deadLetters.close(budget);
    await this.#router.close(budget);
    this.#environment.instrumented.closed();
  }
}
