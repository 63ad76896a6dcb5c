import { Deque } from "../base/deque.ts";
import type { Delivery, SettleOutcome } from "./delivery.ts";
import { PubSubError } from "../base/errors.ts";
import type { InFlight } from "./in-flight.ts";
import { ACK, inspectable, type Outcome, outcomeOf, RELEASE } from "./outcome.ts";
import { Reject } from "./reject.ts";
import { requireDelayMs } from "./retry-after.ts";
import type { EndsAttempts } from "./run-handler.ts";
import type { Worker } from "./worker.ts";

/** The pull form: deliveries that the reader settles. The sequence ends when the worker is closed. */
export interface Deliveries<Event> extends AsyncIterableIterator<Delivery<Event>>, AsyncDisposable {
  next(): Promise<IteratorResult<Delivery<Event>, undefined>>;
  return(): Promise<IteratorResult<Delivery<Event>, undefined>>;
  [Symbol.asyncIterator](): Deliveries<Event>;
  /** Ends the sequence. Deliveries that are not settled are released at once. */
  close(): Promise<void>;
}

type Result<Event> = IteratorResult<Delivery<Event>, undefined>;

/** Decoded events wait here for a reader, which ends their attempts through the methods of the delivery. */
export class DeliveryQueue<Event> implements Deliveries<Event> {
  readonly #ready = new Deque<PulledDelivery<Event>>();
  readonly #readers = new Deque<(result: Result<Event> | Promise<Result<Event>>) => void>();
  #worker: Worker | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  /** The worker could not be opened: the next `next` rejects with the reason. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#end();
  }

  /** The worker whose deliveries these are. It is closed with the sequence. */
  attach(worker: Worker): void {
    this.#worker = worker;
    if (this.#ended) void worker.close({ timeoutMs: 0 });
    void worker.closed.then(() => this.#end());
  }

  /** A worker begins to close: its deliveries that nobody has read have not started, and are released at once. */
  giveBackUnread(attempts: EndsAttempts): void {
    for (const delivery of this.#ready.remove((unread) => unread.isOf(attempts))) delivery.release().catch(() => {});
  }

  /** Takes the place of a handler: called with every decoded event. */
  push(item: InFlight, event: Event, attempts: EndsAttempts): void {
    item.byHand = true;
    const delivery = new PulledDelivery(event, item, attempts);
    const reader = this.#readers.shift();
    if (reader === undefined) return this.#ready.push(delivery);
    item.seen?.receive();
    return reader({ done: false, value: delivery });
  }

  next(): Promise<Result<Event>> {
    for (let delivery = this.#ready.shift(); delivery !== undefined; delivery = this.#ready.shift()) {
      // It waited here, for a reader.
      if (!delivery.received()) continue;
      return Promise.resolve({ done: false, value: delivery });
    }
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
  readonly #attempts: EndsAttempts;
  #settled = false;

  constructor(event: Event, item: InFlight, attempts: EndsAttempts) {
    this.event = event;
    this.#item = item;
    this.#attempts = attempts;
  }

  isOf(attempts: EndsAttempts): boolean {
    return this.#attempts === attempts;
  }

  /** A reader gets it now. Returns false when its message must not be handled here any longer: nobody gets this delivery. */
  received(): boolean {
    if (!this.#attempts.mayStart(this.#item)) {
      this.#settled = true;
      return false;
    }
    this.#item.seen?.receive();
    return true;
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
  get expiresAt(): Date | undefined {
    return this.#item.expiresAt;
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
  get inbox(): Delivery<Event>["inbox"] {
    return this.#item.inbox;
  }

  extend(durationMs: number): void {
    this.#item.extend(durationMs);
  }

  ack(): Promise<SettleOutcome> {
    return this.#settle(ACK);
  }

  retry(options: { readonly delayMs?: number | undefined; readonly error?: unknown } = {}): Promise<SettleOutcome> {
    const { delayMs, error = new Error("retry() was called") } = options;
    if (delayMs === undefined) return this.#settle(outcomeOf(error));
    return this.#settle({ kind: "retry", delayMs: requireDelayMs("retry", delayMs), error: inspectable(error) });
  }

  reject(reason: string): Promise<SettleOutcome> {
    return this.#settle({ kind: "reject", reason: "rejected", error: new Reject(reason) });
  }

  release(): Promise<SettleOutcome> {
    return this.#settle(RELEASE);
  }

  async #settle(outcome: Outcome): Promise<SettleOutcome> {
    if (this.#settled) return "already-settled";
    this.#settled = true;
    const owned = this.#item.state === "running";
    await this.#attempts.end(this.#item, outcome);
    if (owned) return "settled";
    throw new PubSubError("LEASE_LOST", `message ${this.id} no longer belongs to this worker and will be redelivered`);
  }
}
