import type { ConnectionEnvironment } from "../connections/connection.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import type { ConnectOptions } from "../connections/connect-options.ts";
import { DeliveryQueue, type Deliveries } from "./deliveries.ts";
import type { Handler } from "./handler-context.ts";
import { InboxGate } from "./inbox-gate.ts";
import { LateSuccesses } from "./late-successes.ts";
import { MemoryInbox } from "../inbox/memory-inbox.ts";
import { openWorkers } from "./open-workers.ts";
import { rejectUnknownKeys, requireInteger } from "../options/option-checks.ts";
import { requireOpen } from "../base/require-open.ts";
import { type EndsAttempts, type EventRun, runHandler } from "./run-handler.ts";
import { FlowControl } from "./flow-control.ts";
import type { PausableWorker } from "./pausable-worker.ts";
import { checkedCircuitPolicy } from "../declare/circuit-policy.ts";
import { checkedRateLimit } from "../declare/rate-limit.ts";
import {
  type AnySubscription,
  PREFETCH_LIMITS,
  type Subscription,
  SUBSCRIPTION_LIMITS,
  subscriptionPath,
} from "../declare/subscription.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { requireHandler, requireKind } from "../declare/wrong-argument.ts";
import type { SubscribeOptions, Worker } from "./worker.ts";

interface WorkerHooks {
  /** Called as soon as there is a worker to close, which may be before it receives. */
  readonly onWorker?: ((worker: Worker) => void) | undefined;
  /** Called when a worker, on one connection, begins to close. */
  readonly onClosing?: ((attempts: EndsAttempts) => void) | undefined;
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
    handler: Handler<Event>,
    options: SubscribeOptions,
  ): Promise<Worker> {
    requireHandler(subscription, handler);
    return await this.#open(subscription, runHandler(handler), options, {});
  }

  deliveries<Event>(subscription: Subscription<Event>, options: SubscribeOptions): Deliveries<Event> {
    const queue = new DeliveryQueue<Event>();
    // The subscription's type parameter is the same for queue and topic.
    const run: EventRun = (item, event, attempts) => queue.push(item, event as Event, attempts);
    const opening = this.#open(subscription, run, options, {
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

  async #open(declared: Subscription, run: EventRun, options: SubscribeOptions, hooks: WorkerHooks): Promise<Worker> {
    requireKind("subscription", declared);
    rejectUnknownKeys("subscribe", options, ["maxConcurrency", "prefetch", "rate", "circuit", "signal"]);
    const { routes } = this.#router;
    const subscription = routes.effective(declared);
    const maxConcurrency = requireInteger(
      "maxConcurrency",
      options.maxConcurrency ?? subscription.maxConcurrency,
      SUBSCRIPTION_LIMITS.maxConcurrency,
    );
    const prefetch = requireInteger(
      "prefetch",
      options.prefetch ?? routes.prefetchOf(declared) ?? Math.min(maxConcurrency, PREFETCH_LIMITS.default),
      PREFETCH_LIMITS,
    );
    const rate = options.rate === undefined ? subscription.rate : checkedRateLimit("rate", options.rate);
    const circuit =
      options.circuit === undefined ? subscription.circuit : checkedCircuitPolicy("circuit", options.circuit);
    options.signal?.throwIfAborted();
    requireOpen(this.#closed);
    const several = routes.connectionsOf(declared).length > 1;
    const { onWorker } = hooks;
    const opening = openWorkers(this.#router, subscription, run, {
      environment: this.#environment,
      // Only the inbox recognises two copies of one event on two connections.
      inbox: several || declared.topic.deliveryGuarantee === "exactly-once" ? this.#inboxGate(subscription) : undefined,
      lateSuccesses: this.#lateSuccessesOf(subscription),
      maxConcurrency,
      prefetch,
      rate,
      control: new FlowControl({ subscription, rate, circuit, ...this.#environment }),
      closeTimeoutMs: this.#closeTimeoutMs,
      onOpen: (opened) => {
        requireOpen(this.#closed);
        this.#workers.add(opened);
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

/** Removes its listener when the worker closes, because one signal may be used for many workers. */
function closeOnAbort(worker: Worker, signal: AbortSignal): void {
  const onAbort = (): void => void worker.close();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  void worker.closed.then(() => signal.removeEventListener("abort", onAbort));
}
