import { Deque } from "../base/deque.ts";
import type { Delivery, SettleOutcome } from "./delivery.ts";
import { PubSubError } from "../base/errors.ts";
import type { Handler } from "./handler-context.ts";
import type { InFlight } from "./in-flight.ts";
import { Reject } from "./reject.ts";
import { ReleaseDelivery } from "./release-delivery.ts";
import { RetryAfter } from "./retry-after.ts";
import { SETTLED_BY_HAND, type SubscriptionWorker } from "./subscription-worker.ts";
import type { Worker } from "./worker.ts";

/** The pull form: an endless sequence of deliveries to settle by hand. Ends when the worker is closed. */
export interface Deliveries<Event> extends AsyncIterableIterator<Delivery<Event>>, AsyncDisposable {
  next(): Promise<IteratorResult<Delivery<Event>, undefined>>;
  return(): Promise<IteratorResult<Delivery<Event>, undefined>>;
  [Symbol.asyncIterator](): Deliveries<Event>;
  /** Ends the sequence; what was not settled goes back to the broker at once. */
  close(): Promise<void>;
}

type Result<Event> = IteratorResult<Delivery<Event>, undefined>;

/** Turns an engine's handler calls into an iterator: the handler's promise stays open until the delivery is settled. */
export class DeliveryQueue<Event> implements Deliveries<Event> {
  readonly #ready = new Deque<PulledDelivery<Event>>();
  readonly #readers = new Deque<(result: Result<Event> | Promise<Result<Event>>) => void>();
  #worker: Worker | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  /** The worker could not be opened: the next read rejects with the reason. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#end();
  }

  /** What the deliveries come from: closing the sequence closes it. */
  attach(worker: Worker): void {
    this.#worker = worker;
    if (this.#ended) void worker.close({ timeoutMs: 0 });
    void worker.closed.then(() => this.#end());
  }

  /** A worker begins to close: what nobody has read of it has not started for its subscriber, and goes back at once. */
  giveBackUnread(worker: SubscriptionWorker): void {
    for (const delivery of this.#ready.remove((unread) => unread.isOf(worker))) delivery.release().catch(() => {});
  }

  /** The engine's handler for one worker. Never settles by itself: the delivery's own methods settle the item. */
  handlerOf(worker: () => SubscriptionWorker): Handler<Event> {
    // The engine hands its own items over as the context.
    const handle = (event: Event, item: InFlight): typeof SETTLED_BY_HAND => {
      const delivery = new PulledDelivery(event, item, worker);
      const reader = this.#readers.shift();
      if (reader === undefined) this.#ready.push(delivery);
      else reader({ done: false, value: delivery });
      return SETTLED_BY_HAND;
    };
    return handle as Handler<Event>;
  }

  next(): Promise<Result<Event>> {
    const delivery = this.#ready.shift();
    if (delivery !== undefined) return Promise.resolve({ done: false, value: delivery });
    if (this.#ended) return this.#last();
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  async return(): Promise<Result<Event>> {
    await this.close();
    return { done: true, value: undefined };
  }

  async close(): Promise<void> {
    await this.#worker?.close({ timeoutMs: 0 });
    this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #end(): void {
    this.#ended = true;
    this.#ready.remove(() => true);
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      reader(this.#last());
    }
  }

  #last(): Promise<Result<Event>> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(failure.error);
  }
}

class PulledDelivery<Event> implements Delivery<Event> {
  readonly event: Event;
  readonly #item: InFlight;
  readonly #worker: () => SubscriptionWorker;
  #settled = false;

  constructor(event: Event, item: InFlight, worker: () => SubscriptionWorker) {
    this.event = event;
    this.#item = item;
    this.#worker = worker;
  }

  isOf(worker: SubscriptionWorker): boolean {
    return this.#worker() === worker;
  }

  get id(): string {
    return this.#item.id;
  }
  get attempt(): number {
    return this.#item.attempt;
  }
  get publishTime(): Date {
    return this.#item.publishTime;
  }
  get attributes(): Delivery<Event>["attributes"] {
    return this.#item.attributes;
  }
  get orderingKey(): string | undefined {
    return this.#item.orderingKey;
  }
  get body(): Uint8Array {
    return this.#item.body;
  }
  get deadline(): Date {
    return this.#item.deadline;
  }
  get signal(): AbortSignal {
    return this.#item.signal;
  }
  get native(): unknown {
    return this.#item.native;
  }

  extend(durationMs: number): void {
    this.#item.extend(durationMs);
  }

  ack(): Promise<SettleOutcome> {
    return this.#settle((worker, item) => worker.succeeded(item));
  }

  retry(options: { readonly delayMs?: number | undefined; readonly error?: unknown } = {}): Promise<SettleOutcome> {
    const { delayMs, error = new Error("retry() was called") } = options;
    const outcome = delayMs === undefined ? error : new RetryAfter(delayMs, undefined, { cause: error });
    return this.#settle((worker, item) => worker.failed(item, outcome));
  }

  reject(reason: string): Promise<SettleOutcome> {
    return this.#settle((worker, item) => worker.failed(item, new Reject(reason)));
  }

  release(): Promise<SettleOutcome> {
    return this.#settle((worker, item) => worker.failed(item, new ReleaseDelivery()));
  }

  async #settle(
    settle: (worker: SubscriptionWorker, item: InFlight) => Promise<void> | undefined,
  ): Promise<SettleOutcome> {
    if (this.#settled) return "already-settled";
    this.#settled = true;
    const owned = this.#item.state === "running";
    await settle(this.#worker(), this.#item);
    if (owned) return "settled";
    throw new PubSubError("LEASE_LOST", `message ${this.id} no longer belongs to this worker and will be redelivered`);
  }
}
