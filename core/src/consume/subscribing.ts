import type { ConnectionEnvironment } from "../connections/connection.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import type { ConnectOptions } from "../connections/connect-options.ts";
import { type BatchRun, joinBatch } from "./batch/batch.ts";
import type { BatchHandler, BatchSubscribeOptions } from "./batch/batch-handler.ts";
import { runBatchHandler } from "./batch/run-batch.ts";
import { DeliveryQueue, type Deliveries } from "./deliveries.ts";
import type { Handler } from "./handler-context.ts";
import { Drain } from "./drain/drain.ts";
import type { BatchDrainOptions, DrainOptions, DrainResult } from "./drain/drain-options.ts";
import { DRAIN_LIMITS } from "../options/drain-limits.ts";
import { InboxGate } from "./inbox-gate.ts";
import { LateSuccesses } from "./late-successes.ts";
import { MemoryInbox } from "../inbox/memory-inbox.ts";
import { openWorkers } from "./open-workers.ts";
import { CLOSE_TIMEOUT_LIMITS } from "../options/connect-limits.ts";
import type { Observer } from "../observe/observer.ts";
import { integerOption, rejectUnknownKeys, requireInteger } from "../options/option-checks.ts";
import { requireOpen } from "../base/require-open.ts";
import { type EndsAttempts, type EventRun, runHandler } from "./run-handler.ts";
import { type AnySubscription, type Subscription, subscriptionPath } from "../declare/subscription.ts";
import { FlowControl } from "./flow-control.ts";
import type { PausableWorker } from "./pausable-worker.ts";
import { checkedCircuitPolicy } from "../declare/circuit-policy.ts";
import { checkedRateLimit } from "../declare/rate-limit.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { requireHandler, requireKind } from "../declare/wrong-argument.ts";
import { workerSize } from "./worker-size.ts";
import type { SubscribeOptions, Worker } from "./worker.ts";

interface WorkerHooks {
  /** Called as soon as there is a worker to close, which may be before it receives. */
  readonly onWorker?: ((worker: Worker) => void) | undefined;
  /** Called when a worker, on one connection, begins to close. */
  readonly onClosing?: ((attempts: EndsAttempts) => void) | undefined;
  /** Ends the worker, and counts what it does. */
  readonly drain?: Drain | undefined;
  /** The method that was called, for errors. @default "subscribe" */
  readonly what?: string | undefined;
}

/** The workers of a `PubSub`, and what they share. */
export class Subscribing {
  readonly #router: ConnectionRouter;
  readonly #environment: ConnectionEnvironment;
  readonly #closeTimeoutMs: number;
  readonly #inbox: NonNullable<ConnectOptions["inbox"]>;
  /** Aborts when closing begins: then nothing waits for a worker that is still being opened. */
  readonly #closed: AbortSignal;
  readonly #workers = new Set<PausableWorker>();
  /** By `topic/subscription`. */
  readonly #lateSuccesses = new Map<string, LateSuccesses>();

  constructor(
    router: ConnectionRouter,
    environment: ConnectionEnvironment,
    options: Pick<ConnectOptions, "inbox"> & { readonly closeTimeoutMs: number },
    closed: AbortSignal,
  ) {
    this.#router = router;
    this.#environment = environment;
    this.#closeTimeoutMs = options.closeTimeoutMs;
    this.#inbox = options.inbox ?? new MemoryInbox({ clock: environment.clock });
    this.#closed = closed;
  }

  /** The workers that are not closed, one for each connection of a subscription. */
  get workers(): readonly PausableWorker[] {
    return [...this.#workers];
  }

  /** Those with a worker, each once. */
  get subscriptions(): readonly AnySubscription[] {
    const each = this.workers.map(({ subscription }) => subscription);
    return [...new Map(each.map((subscription) => [subscriptionPath(subscription), subscription])).values()];
  }

  async subscribe<Event>(
    subscription: Subscription<Event>,
    handler: AnyHandler<Event>,
    options: SubscribeOptions | BatchSubscribeOptions,
  ): Promise<Worker> {
    requireHandler(subscription, handler);
    return await this.#open(subscription, handlerRun(handler, options), options, {});
  }

  async drain<Event>(
    subscription: Subscription<Event>,
    handler: AnyHandler<Event>,
    options: DrainOptions | BatchDrainOptions,
  ): Promise<DrainResult> {
    requireHandler(subscription, handler);
    const { untilIdleMs, maxMessages, maxMs, ...ofWorker } = options;
    const effective = this.#router.routes.effective(subscription);
    const drain = new Drain({
      clock: this.#environment.clock,
      path: subscriptionPath(subscription),
      untilIdleMs: integerOption("untilIdleMs", untilIdleMs, DRAIN_LIMITS.untilIdleMs),
      maxMessages:
        maxMessages === undefined ? undefined : requireInteger("maxMessages", maxMessages, DRAIN_LIMITS.maxMessages),
      maxMs: maxMs === undefined ? undefined : requireInteger("maxMs", maxMs, DRAIN_LIMITS.maxMs),
      handlersMs: Math.min(effective.maxHandlingMs, CLOSE_TIMEOUT_LIMITS.max),
      isConnected: () => this.#isConnected(subscription),
    });
    try {
      await this.#open(subscription, handlerRun(handler, options), ofWorker, { drain, what: "drain" });
      return await untilAborted(drain.run(), options.signal);
    } finally {
      drain.stop();
    }
  }

  #isConnected(subscription: AnySubscription): boolean {
    const names = this.#router.routes.connectionsOf(subscription);
    const states = this.#router.opened.filter(({ name }) => names.includes(name)).map(({ state }) => state);
    return states.every((state) => state === "up" || state === "degraded");
  }

  deliveries<Event>(subscription: Subscription<Event>, options: SubscribeOptions): Deliveries<Event> {
    const queue = new DeliveryQueue<Event>();
    // The subscription's type parameter is the same for queue and topic.
    const one: EventRun = (item, event, attempts) => queue.push(item, event as Event, attempts);
    const opening = this.#open(subscription, { one, batch: undefined }, options, {
      onWorker: (worker) => queue.attach(worker),
      onClosing: (attempts) => queue.giveBackUnread(attempts),
    });
    opening.catch((error: unknown) => queue.fail(error));
    return queue;
  }

  async pause(subscription: AnySubscription): Promise<void> {
    await Promise.all(this.#workersOf(subscription).map((worker) => worker.pause()));
  }

  async resume(subscription: AnySubscription): Promise<void> {
    await Promise.all(this.#workersOf(subscription).map((worker) => worker.resume()));
  }

  #workersOf(subscription: AnySubscription): readonly PausableWorker[] {
    requireKind("subscription", subscription);
    requireOpen(this.#closed);
    const path = subscriptionPath(subscription);
    return this.workers.filter((worker) => subscriptionPath(worker.subscription) === path);
  }

  async #open(
    declared: Subscription,
    run: HandlerRun,
    options: SubscribeOptions | BatchSubscribeOptions,
    hooks: WorkerHooks,
  ): Promise<Worker> {
    requireKind("subscription", declared);
    const known = ["maxConcurrency", "prefetch", "rate", "circuit", "signal"];
    rejectUnknownKeys(hooks.what ?? "subscribe", options, run.batch === undefined ? known : [...known, "batch"]);
    const { routes } = this.#router;
    const subscription = routes.effective(declared);
    const { drain, onWorker } = hooks;
    const configured = { prefetch: routes.prefetchOf(declared), batch: routes.batchOf(declared) };
    const { batch, ...size } = workerSize(options, subscription, configured, drain?.maxMessages ?? Infinity);
    const rate = options.rate === undefined ? subscription.rate : checkedRateLimit("rate", options.rate);
    const circuit =
      options.circuit === undefined ? subscription.circuit : checkedCircuitPolicy("circuit", options.circuit);
    options.signal?.throwIfAborted();
    requireOpen(this.#closed);
    const several = routes.connectionsOf(declared).length > 1;
    const { observe } = this.#environment;
    const environment =
      drain === undefined ? this.#environment : { ...this.#environment, observe: both(drain.observe, observe) };
    const opening = openWorkers(this.#router, subscription, run.one, {
      ...size,
      batch: batch && run.batch && { ...batch, run: run.batch },
      environment,
      startLimit: drain?.limit,
      // Only the inbox recognises two copies of one event on two connections.
      inbox: several || declared.topic.deliveryGuarantee === "exactly-once" ? this.#inboxGate(subscription) : undefined,
      lateSuccesses: this.#lateSuccessesOf(subscription),
      rate,
      control: new FlowControl({ subscription, rate, circuit, ...environment }),
      closeTimeoutMs: this.#closeTimeoutMs,
      onOpen: (opened) => {
        requireOpen(this.#closed);
        this.#workers.add(opened);
        drain?.add(opened);
        if (!several) onWorker?.(opened);
      },
      onClosing: hooks.onClosing,
      onClosed: (closed) => this.#workers.delete(closed),
    });
    const { signal } = options;
    let worker: Worker;
    try {
      worker = await untilAborted(opening, signal, this.#closed);
    } catch (error) {
      // The caller does not wait any longer: a worker that opens after this must not receive messages.
      opening.then((late) => late.close({ timeoutMs: 0 })).catch(() => {});
      throw error;
    }
    if (several) onWorker?.(worker);
    if (signal !== undefined) closeOnAbort(worker, signal);
    return worker;
  }

  #lateSuccessesOf(subscription: AnySubscription): LateSuccesses {
    const path = subscriptionPath(subscription);
    const known = this.#lateSuccesses.get(path) ?? new LateSuccesses();
    this.#lateSuccesses.set(path, known);
    return known;
  }

  #inboxGate(subscription: AnySubscription): InboxGate {
    return new InboxGate({
      store: this.#inbox,
      path: subscriptionPath(subscription),
      clock: this.#environment.clock,
      logger: this.#environment.logger,
      leaseMs: subscription.ackDeadlineMs,
      retainMs: subscription.topic.retentionMs,
    });
  }
}

const both =
  (first: Observer, second: Observer | undefined): Observer =>
  (event) => {
    first(event);
    second?.(event);
  };

type AnyHandler<Event> = Handler<Event> | BatchHandler<Event>;

/** What a worker does with its messages. */
interface HandlerRun {
  /** With each. */
  readonly one: EventRun;
  /** With several, for a batch handler. */
  readonly batch: BatchRun | undefined;
}

function handlerRun<Event>(handler: AnyHandler<Event>, { batch }: { readonly batch?: unknown }): HandlerRun {
  // The overloads of `subscribe` say which handler goes with which options.
  if (batch === undefined) return { one: runHandler(handler as Handler<Event>), batch: undefined };
  return { one: joinBatch, batch: runBatchHandler(handler as BatchHandler<Event>) };
}

/** Removes its listener when the worker closes, because one signal may be used for many workers. */
function closeOnAbort(worker: Worker, signal: AbortSignal): void {
  const onAbort = (): void => void worker.close();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  void worker.closed.then(() => signal.removeEventListener("abort", onAbort));
}
