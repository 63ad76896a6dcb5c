// Over 300 lines: the public object; each method is a few lines on top of the files it imports, most lines are docstrings.
import type { Capabilities } from "./contract/capabilities.ts";
import { CLOSE_GRACE_MS, CloseBudget } from "./base/close-budget.ts";
import { combinedDeadLetterQueue } from "./dead-letters/combined-dead-letter-queue.ts";
import type { Connection, ConnectionEnvironment } from "./connections/connection.ts";
import type { ConnectionRouter } from "./connections/connection-router.ts";
import type { ConnectOptions } from "./connections/connect-options.ts";
import { createDeadLetterQueue, type DeadLetterQueue, type OpenLetters } from "./dead-letters/dead-letter-queue.ts";
import { DeliveryQueue, type Deliveries } from "./consume/deliveries.ts";
import type { DriverDeadLetters, TopologyChange } from "./driver.ts";
import { PubSubError } from "./base/errors.ts";
import type { Handler } from "./consume/handler-context.ts";
import { healthOf, type Health } from "./observe/health.ts";
import { IdSigner } from "./publish/id-signer.ts";
import { InboxGate } from "./consume/inbox-gate.ts";
import { LateSuccesses } from "./consume/late-successes.ts";
import { MemoryInbox } from "./inbox/memory-inbox.ts";
import { createIdGenerator } from "./contract/message-id.ts";
import type { EventPublisher } from "./publish/mirror-publisher.ts";
import { openPublisher } from "./publish/open-publisher.ts";
import { openWorkers } from "./consume/open-workers.ts";
import { rejectUnknownKeys, requireInteger } from "./base/option-checks.ts";
import type { PendingPublish } from "./publish/pending-publish.ts";
import { readBatch, sendBatch } from "./publish/publish-batch.ts";
import type { Publisher, PublishEntry, PublishOptions, PublishResult } from "./publish/publish-options.ts";
import { readPublish, type PublishReader } from "./publish/read-publish.ts";
import { pathOf } from "./declare/subscription-path.ts";
import { subscriptionSpec, topologyOf } from "./connections/specs.ts";
import type { SubscriptionWorker } from "./consume/subscription-worker.ts";
import type { AnySubscription, Subscription } from "./declare/subscription.ts";
import type { AnyTopic, Topic } from "./declare/topic.ts";
import { untilAborted } from "./base/until-aborted.ts";
import { type AttemptEnd, type EventRun, runHandler } from "./consume/run-handler.ts";
import { closeTimeout, type CloseOptions, type SubscribeOptions, type Worker } from "./consume/worker.ts";
import { isDeclaration, notADeclaration, requireHandler } from "./base/wrong-argument.ts";

const PREFETCH_DEFAULT_MAX = 1000;
const CLOSE_TIMEOUT_DEFAULT_MS = 30_000;
const CLOSED = "the connection was closed";

/** One difference between what is declared and what exists, and on which connection. */
export interface PlannedChange extends TopologyChange {
  /** Its name in the configuration; `"default"` where there is none. */
  readonly connection: string;
}

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
}

/**
 * Connected to a broker, or to several: publishes, subscribes, and looks after dead letters. Made by `connect`. All
 * methods may be called concurrently. `adapter`, `server`, `capabilities` and `native` are the default connection's.
 */
export class PubSub implements AsyncDisposable {
  readonly #router: ConnectionRouter;
  readonly #environment: ConnectionEnvironment;
  readonly #options: ConnectOptions;
  readonly #reader: PublishReader;
  readonly #inbox: NonNullable<ConnectOptions["inbox"]>;
  readonly #publishers = new Map<string, EventPublisher>();
  /** Those of them that no publish from before they were open waits for any more: calls keep their order. */
  readonly #ready = new Map<string, EventPublisher>();
  readonly #opening = new Map<string, Promise<EventPublisher>>();
  readonly #workers = new Set<SubscriptionWorker>();
  /** By `topic/subscription`. */
  readonly #lateSuccesses = new Map<string, LateSuccesses>();
  readonly #letters = new Set<DriverDeadLetters>();
  /** By connection and `topic/subscription`: opened once, however often somebody asks for them. */
  readonly #lettersByPath = new Map<string, Promise<OpenLetters>>();
  /** Aborts when closing begins: nobody waits any longer for what is only being opened. */
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;
  /** No handler runs any more, or those that do were given up. */
  #publishingClosed = false;
  /** Nobody waits any longer for topics that are being opened. */
  #openingClosed = false;

  /** For `connect`. */
  constructor(router: ConnectionRouter, environment: ConnectionEnvironment, options: ConnectOptions) {
    this.#router = router;
    this.#environment = environment;
    this.#options = options;
    this.#reader = {
      clock: environment.clock,
      newId: createIdGenerator(options.random),
      signer: options.publish?.idSecret === undefined ? undefined : new IdSigner(options.publish.idSecret),
    };
    this.#inbox = options.inbox ?? new MemoryInbox({ clock: environment.clock });
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
    this.#requireOpen();
    const { adapter, driver, capabilities } = await this.#router.connection(name);
    return Object.freeze({ name, adapter: adapter.name, server: driver.server, native: driver.native, capabilities });
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
    let message: PendingPublish;
    try {
      message = readPublish(topic, event, options, this.#reader);
    } catch (error) {
      return Promise.reject(error);
    }
    const publisher = this.#ready.get(topic.name);
    if (publisher !== undefined && !this.#publishingClosed) return publisher.send(message);
    return untilAborted(this.#openPublisher(topic), message.signal).then((opened) => opened.send(message));
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
    this.#requirePublishing();
    const { signal } = options;
    const batch = readBatch(topic, entries, signal, this.#reader);
    let publisher = this.#ready.get(topic.name);
    try {
      publisher ??= await untilAborted(this.#openPublisher(topic), signal);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      return entries.map(() => ({ ok: false, error: signal.reason as unknown }));
    }
    return await sendBatch(publisher, batch);
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
    requireHandler(subscription, handler);
    return await this.#openWorker(subscription, runHandler(handler), options);
  }

  /**
   * The pull form: an async iterator of deliveries to be settled by hand. At most `maxConcurrency` are unsettled at a
   * time. Leaving the loop closes the worker; what was not settled goes back to the broker.
   */
  deliveries<Event>(subscription: Subscription<Event>, options: SubscribeOptions = {}): Deliveries<Event> {
    const queue = new DeliveryQueue<Event>();
    // The subscription's type parameter ties queue and topic together.
    const run: EventRun = (item, event, worker) => queue.push(item, event as Event, worker);
    const opening = this.#openWorker(subscription, run, options, {
      onWorker: (worker) => queue.attach(worker),
      onClosing: (attempts) => queue.giveBackUnread(attempts),
    });
    opening.catch((error: unknown) => queue.fail(error));
    return queue;
  }

  /** The dead letters of a subscription. Opened on first use; closed with this object. */
  deadLetters(subscription: AnySubscription): DeadLetterQueue {
    requireKind("subscription", subscription);
    const path = pathOf(subscription);
    const { clock } = this.#environment;
    const queues = this.#router.routes
      .connectionsOf(subscription)
      .map((name) =>
        createDeadLetterQueue(
          () => untilAborted(this.#lettersOf(subscription, name, path), this.#closed.signal),
          path,
          clock,
        ),
      );
    return queues.length === 1 ? (queues[0] as DeadLetterQueue) : combinedDeadLetterQueue(queues);
  }

  /** What exists compared with what is declared, on every connection; changes nothing. */
  async plan(declarations: readonly (AnyTopic | AnySubscription)[]): Promise<readonly PlannedChange[]> {
    return await this.#onEach(declarations, (connection, own) => connection.differences(own));
  }

  /** Creates what is missing; with `update`, also changes what differs and can be changed in place. Returns what was done. */
  async apply(
    declarations: readonly (AnyTopic | AnySubscription)[],
    options: { readonly update?: boolean | undefined } = {},
  ): Promise<readonly PlannedChange[]> {
    this.#requireOpen();
    for (const [connection, own] of await this.#router.split(declarations)) connection.requireSupported(own);
    const update = options.update ?? false;
    return await this.#onEach(declarations, ({ driver, names }, own) =>
      driver.apply(topologyOf(own, names), { update }),
    );
  }

  /**
   * Deletes topics and subscriptions with everything in them, on every connection. Give a topic together with its
   * subscriptions: those that are not given get nothing any more, but most brokers keep what belongs to them. A
   * subscription leaves its topic. Returns the names of what was deleted.
   */
  async destroy(declarations: readonly (AnyTopic | AnySubscription)[]): Promise<readonly string[]> {
    this.#requireOpen();
    const named = new Set(declarations.flatMap(({ kind, name }) => (kind === "topic" ? name : [])));
    const destroyed: string[] = [];
    for (const [{ driver, names }, own] of await this.#router.split(declarations)) {
      const { topics, subscriptions } = topologyOf(own, names);
      const topology = { topics: topics.filter(({ name }) => named.has(name)), subscriptions };
      destroyed.push(...(await driver.destroy(topology)));
    }
    return destroyed;
  }

  /** A snapshot; asks nobody. */
  health(): Health {
    const subscriptions = [...this.#workers].map((worker) => worker.health());
    let publishing = 0;
    for (const publisher of this.#publishers.values()) publishing += publisher.pending;
    return healthOf(this.#router.opened, subscriptions, publishing, this.#closing !== undefined);
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
    const timeoutMs = closeTimeout(options, this.#options.closeTimeoutMs ?? CLOSE_TIMEOUT_DEFAULT_MS);
    const workers = [...this.#workers];
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
    this.#closed.abort(new PubSubError("CLOSED", CLOSED));
    const { clock, logger } = this.#environment;
    const budget = new CloseBudget(clock, logger);
    const closing = workers.map((worker) => worker.closeWithin(timeoutMs, signal, budget));
    if (workers.some(({ isBusy }) => isBusy)) await Promise.all(workers.map(({ drained }) => drained));
    this.#publishingClosed = true;
    budget.begin();
    // What was published before belongs to what is waited for, also while its topic is only being opened.
    await budget.wait("opening topics", {}, () => this.#opened());
    this.#openingClosed = true;
    await Promise.all([
      ...closing,
      ...[...this.#publishers].map(([topic, publisher]) =>
        budget.wait("waiting for publishes", { topic }, (leftMs) => publisher.close(leftMs)),
      ),
    ]);
    await Promise.all(
      [...this.#letters].map((letters) => budget.wait("closing dead letters", {}, (leftMs) => letters.close(leftMs))),
    );
    await this.#router.close(budget);
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new PubSubError("CLOSED", CLOSED);
  }

  #requirePublishing(): void {
    if (this.#publishingClosed) throw new PubSubError("CLOSED", CLOSED);
  }

  /** One connection after the other: what fails on one has not begun on the next. */
  async #onEach(
    declarations: readonly (AnyTopic | AnySubscription)[],
    act: (connection: Connection, own: readonly (AnyTopic | AnySubscription)[]) => Promise<readonly TopologyChange[]>,
  ): Promise<readonly PlannedChange[]> {
    this.#requireOpen();
    const changes: PlannedChange[] = [];
    for (const [connection, own] of await this.#router.split(declarations)) {
      for (const change of await act(connection, own)) changes.push({ connection: connection.name, ...change });
    }
    return changes;
  }

  /** Resolves when no topic is being opened, and what waited for it was handed on: that takes a turn of the event loop. */
  async #opened(): Promise<void> {
    while (this.#opening.size > 0) {
      await Promise.allSettled(this.#opening.values());
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #openPublisher(topic: AnyTopic): Promise<EventPublisher> {
    if (this.#publishingClosed) return Promise.reject(new PubSubError("CLOSED", CLOSED));
    const known = this.#opening.get(topic.name);
    if (known !== undefined) return known;
    const opening = this.#newPublisher(topic);
    this.#opening.set(topic.name, opening);
    const forget = (): unknown => this.#opening.delete(topic.name);
    const ready = (publisher: EventPublisher): void => {
      this.#ready.set(topic.name, publisher);
      forget();
    };
    opening.then((publisher) => void setImmediate(ready, publisher), forget);
    return opening;
  }

  async #newPublisher(topic: AnyTopic): Promise<EventPublisher> {
    this.#requirePublishing();
    const { clock, observe } = this.#environment;
    const limits = this.#options.publish ?? {};
    const publisher = await openPublisher(this.#router, topic, {
      clock,
      observer: observe,
      maxPending: limits.maxPending ?? 1000,
      maxWaiting: limits.maxWaiting ?? 100_000,
      timeoutMs: limits.timeoutMs ?? 30_000,
    });
    if (this.#openingClosed) {
      void publisher.close(0);
      throw new PubSubError("CLOSED", CLOSED);
    }
    this.#publishers.set(topic.name, publisher);
    return publisher;
  }

  #lettersOf(subscription: AnySubscription, name: string, path: string): Promise<OpenLetters> {
    const key = `${name} ${path}`;
    const known = this.#lettersByPath.get(key);
    if (known !== undefined) return known;
    const opening = this.#openLetters(subscription, name);
    this.#lettersByPath.set(key, opening);
    // The next call tries again.
    opening.catch(() => this.#lettersByPath.delete(key));
    return opening;
  }

  async #openLetters(declared: AnySubscription, name: string): Promise<OpenLetters> {
    this.#requireOpen();
    const subscription = this.#router.routes.effective(declared as Subscription);
    const connection = await this.#router.connection(name);
    await connection.prepare(subscription);
    const letters = await connection.driver.openDeadLetters(subscriptionSpec(subscription, connection.names));
    if (this.#closing !== undefined) await letters.close(CLOSE_GRACE_MS);
    this.#requireOpen();
    this.#letters.add(letters);
    return { letters, capabilities: connection.capabilities };
  }

  async #openWorker(
    declared: Subscription,
    run: EventRun,
    options: SubscribeOptions,
    hooks: WorkerHooks = {},
  ): Promise<Worker> {
    requireKind("subscription", declared);
    rejectUnknownKeys("subscribe", options, ["maxConcurrency", "prefetch", "signal"]);
    const { routes } = this.#router;
    const subscription = routes.effective(declared);
    const maxConcurrency = requireInteger("maxConcurrency", options.maxConcurrency ?? subscription.maxConcurrency, {
      min: 1,
      max: 100_000,
    });
    const prefetch = requireInteger(
      "prefetch",
      options.prefetch ?? routes.prefetchOf(declared) ?? Math.min(maxConcurrency, PREFETCH_DEFAULT_MAX),
      { min: 0, max: 100_000 },
    );
    options.signal?.throwIfAborted();
    this.#requireOpen();
    const several = routes.connectionsOf(declared).length > 1;
    const { onWorker } = hooks;
    const opening = openWorkers(this.#router, subscription, run, {
      environment: this.#environment,
      // Copies of one event on two connections are told apart by nothing but the inbox.
      inbox: several || declared.topic.deliveryGuarantee === "exactly-once" ? this.#inboxGate(subscription) : undefined,
      lateSuccesses: this.#lateSuccessesOf(subscription),
      maxConcurrency,
      prefetch,
      closeTimeoutMs: this.#options.closeTimeoutMs ?? CLOSE_TIMEOUT_DEFAULT_MS,
      onOpen: (opened) => {
        this.#requireOpen();
        this.#workers.add(opened);
        if (!several) onWorker?.(opened);
      },
      onClosing: hooks.onClosing,
      onClosed: (closed) => this.#workers.delete(closed),
    });
    const { signal } = options;
    let worker: Worker;
    try {
      worker = await untilAborted(opening, signal, this.#closed.signal);
    } catch (error) {
      // The caller has gone; a worker that opens all the same must not take messages.
      opening.then((late) => late.close({ timeoutMs: 0 })).catch(() => {});
      throw error;
    }
    if (several) onWorker?.(worker);
    if (signal !== undefined) closeOnAbort(worker, signal);
    return worker;
  }

  #lateSuccessesOf(subscription: AnySubscription): LateSuccesses {
    const path = pathOf(subscription);
    const known = this.#lateSuccesses.get(path) ?? new LateSuccesses();
    this.#lateSuccesses.set(path, known);
    return known;
  }

  #inboxGate(subscription: AnySubscription): InboxGate {
    return new InboxGate({
      store: this.#inbox,
      path: pathOf(subscription),
      clock: this.#environment.clock,
      logger: this.#environment.logger,
      leaseMs: subscription.ackDeadlineMs,
      retainMs: subscription.topic.retentionMs,
    });
  }
}

/** Leaves no listener behind: a signal may outlive many workers. */
function closeOnAbort(worker: Worker, signal: AbortSignal): void {
  const onAbort = (): void => void worker.close();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  void worker.closed.then(() => signal.removeEventListener("abort", onAbort));
}

interface WorkerHooks {
  /** Called as soon as there is a worker to close, which may be before it receives. */
  readonly onWorker?: ((worker: Worker) => void) | undefined;
  /** Called when a worker, on one connection, begins to close. */
  readonly onClosing?: ((attempts: AttemptEnd) => void) | undefined;
}

function requireKind(kind: "topic" | "subscription", value: unknown): void {
  if (!isDeclaration(kind, value)) throw notADeclaration(kind, value);
}
