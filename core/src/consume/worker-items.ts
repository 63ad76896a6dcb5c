import type { BatchCollectorOptions } from "./batch/batch-collector.ts";
import type { Clock } from "../base/clock.ts";
import type { DriverDelivery } from "../driver.ts";
import { HeldItems } from "../base/held-items.ts";
import type { InFlight } from "./in-flight.ts";
import { KeyLanes } from "./key-lanes.ts";
import { PubSubError } from "../base/errors.ts";
import { RunQueue } from "./run-queue.ts";
import type { SharedPlaces } from "./shared-places.ts";
import { itemNames, type WorkerOptions } from "./worker-options.ts";

type OfWorker = Pick<WorkerOptions, "subscription" | "maxConcurrency" | "places" | "gate" | "observe">;

export interface WorkerItemsOptions extends OfWorker {
  readonly clock: Clock;
  /** Runs an item that has a place. */
  readonly start: (item: InFlight) => void;
  readonly batches: BatchCollectorOptions | undefined;
  /** Releases an item that has not started. */
  readonly giveBack: (item: InFlight) => void;
  /** Acknowledges an item that the subscription does not take, and returns true. Absent where every message is taken. */
  readonly skips: ((item: InFlight) => boolean) | undefined;
}

/**
 * Second step of a delivery: it waits for the earlier messages of its key (C20) and for one of `maxConcurrency` places (C9). Knows
 * all items of one worker and changes their states; settles nothing.
 */
export class WorkerItems {
  /** The items that belong to this worker: their leases are renewed. */
  readonly held: HeldItems<InFlight> = new HeldItems<InFlight>();
  /** Items whose delivery was lost while a handler runs or a letter is being stored: they keep their places until that ends. */
  readonly lost: Set<InFlight> = new Set<InFlight>();
  /** Items whose outcome no longer counts, because of a seek. Not a field of each item, for a seek is rare. */
  readonly #over = new WeakSet<InFlight>();
  readonly #lanes: KeyLanes | undefined;
  readonly #queue: RunQueue;
  readonly #giveBack: (item: InFlight) => void;
  readonly #skips: ((item: InFlight) => boolean) | undefined;
  readonly #clock: Clock;
  readonly #options: OfWorker;
  readonly #capacity: number;
  #abandoned = 0;
  /** Since when at least as many handlers are abandoned as may run, by the monotonic clock. */
  #overrunSinceMs: number = Number.POSITIVE_INFINITY;
  #isOpen = true;

  constructor(options: WorkerItemsOptions) {
    const { subscription, clock, giveBack } = options;
    this.#giveBack = giveBack;
    this.#skips = options.skips;
    this.#clock = clock;
    this.#options = options;
    this.#capacity = options.maxConcurrency;
    this.#queue = new RunQueue(options);
    if (subscription.topic.orderingKey === undefined) return;
    this.#lanes = new KeyLanes({
      clock,
      ready: (item) => this.ready(item),
      skips: options.skips,
      giveBack: (items) => this.#giveBackAll(items),
      patienceMs: Math.max(2 * subscription.ackDeadlineMs, 10_000),
    });
  }

  /** How many places are taken. */
  get running(): number {
    return this.#queue.running;
  }

  get waiting(): number {
    return this.held.size + this.lost.size - this.#queue.started;
  }

  /** How many abandoned handlers have not returned. */
  get abandoned(): number {
    return this.#abandoned;
  }

  /** For how long at least as many handlers have been abandoned as may run, in ms; 0 when there are fewer. */
  get overrunMs(): number {
    return Math.max(0, this.#clock.monotonicNow() - this.#overrunSinceMs);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the item waits for the earlier messages of its key. */
  hasLane({ orderingKey }: InFlight): boolean {
    return this.#lanes !== undefined && orderingKey !== undefined;
  }

  /** What waits for its turn in the item's lane. Looks at all held items. */
  waitingBehind(item: InFlight): readonly InFlight[] {
    if (!this.hasLane(item)) return [];
    const { orderingKey } = item;
    return this.held
      .toArray()
      .filter((other) => other !== item && other.state === "waiting" && other.orderingKey === orderingKey);
  }

  /** A new item: it runs when it is the next of its key and a place is free. One that is skipped needs no place. */
  admit(item: InFlight): void {
    const { orderingKey } = item;
    if (this.#lanes !== undefined && orderingKey !== undefined) this.#lanes.admit(orderingKey, item);
    else if (this.#skips?.(item) !== true) this.ready(item);
  }

  /** The item runs when a place is free. */
  ready(item: InFlight): void {
    if (item.state !== "waiting") return;
    if (this.#isOpen) this.#queue.push(item);
    else this.#giveBack(item);
  }

  /** The item has not run and waits again, without a place, until the caller makes it `ready`. */
  park(item: InFlight): void {
    item.state = "waiting";
    item.batch?.leave(item);
    this.#queue.free(item);
    this.#queue.fill();
  }

  /** The item is about to be settled: it is not held any longer, and its place is free. */
  letGo(item: InFlight): void {
    item.state = "settled";
    this.held.delete(item);
    this.#queue.free(item);
  }

  /** The item was settled: the next of its key may start, and free places are filled. */
  goOn(item: InFlight): void {
    if (this.#lanes !== undefined && item.orderingKey !== undefined) this.#lanes.settled(item.orderingKey, item);
    this.#queue.fill();
  }

  /** The item is redelivered at once, and runs again after `delayMs`, before the next of its key. Must be called before the settle. */
  awaitRetry(item: InFlight, delayMs: number): void {
    if (item.orderingKey !== undefined) this.#lanes?.awaitRetry(item.orderingKey, item, delayMs);
  }

  /** The lease of a waiting item expired: the others of its key do not wait for it. */
  leaveLane(item: InFlight): void {
    if (item.orderingKey !== undefined) this.#lanes?.leaves(item.orderingKey, item);
  }

  /** Another worker has the message now. Returns whether its handler had not started. */
  revoke(delivery: DriverDelivery): boolean {
    const item = this.held.find((held) => held.delivery === delivery);
    return item !== undefined && this.#revoke(item);
  }

  revokeAll(cause?: "seek"): void {
    this.#lanes?.clear();
    this.#queue.clear();
    const held = this.held.toArray();
    if (cause === "seek") for (const item of [...held, ...this.lost]) this.#over.add(item);
    for (const item of held) if (item.isHeld) this.#revoke(item);
  }

  /** Whether the subscription was put to another position since the item was delivered. Asked only of items that are lost. */
  isOver(item: InFlight): boolean {
    return this.#over.has(item);
  }

  #revoke(item: InFlight): boolean {
    this.held.delete(item);
    const { state } = item;
    item.state = "lost";
    // While its letter is being stored, it is not known yet how the attempt ends.
    if (item.seen !== undefined && state !== "settling") item.seen.lost(lostLease());
    if (item.orderingKey !== undefined) this.#lanes?.revoked(item.orderingKey, item);
    if (state === "running" || item.isStoring) {
      this.lost.add(item);
      if (state === "running") this.#lostWhileRunning(item, lostLease());
      item.batch?.leave(item);
    } else {
      this.ended(item);
    }
    return state === "waiting";
  }

  #lostWhileRunning(item: InFlight, error: PubSubError): void {
    this.giveUp(item, error);
    const { observe, subscription } = this.#options;
    observe?.({ ...itemNames(subscription, item), type: "lease-lost", error, atMs: this.#clock.now() });
  }

  /** Aborts the signal of the handler, which counts as abandoned until it returns. */
  giveUp(item: InFlight, reason: PubSubError): void {
    item.abort(reason);
    if (item.givenUp) return;
    item.givenUp = true;
    if (item.batch !== undefined && (item.batch.abandoned += 1) > 1) return;
    this.#abandoned += 1;
    if (this.#abandoned === this.#capacity) this.#overrunSinceMs = this.#clock.monotonicNow();
  }

  /** The handler of an item that was settled or lost has returned. */
  returned(item: InFlight): void {
    if (item.givenUp && (item.batch === undefined || (item.batch.abandoned -= 1) === 0)) this.#abandoned -= 1;
    if (this.#abandoned < this.#capacity) this.#overrunSinceMs = Number.POSITIVE_INFINITY;
    item.givenUp = false;
    if (!item.isStoring) this.ended(item);
  }

  /** Neither a handler nor a letter keeps an item that was settled or lost: its place is free. */
  ended(item: InFlight): void {
    this.lost.delete(item);
    this.#queue.free(item);
    this.#queue.fill();
  }

  /** From now on nothing starts; waiting items are released. */
  close(): void {
    this.#isOpen = false;
    this.giveBackWaiting();
  }

  giveBackWaiting(): void {
    this.#lanes?.clear();
    this.#queue.clear();
    this.#giveBackAll(this.held.toArray());
  }

  #giveBackAll(items: readonly InFlight[]): void {
    for (const item of items) if (item.state === "waiting") this.#giveBack(item);
  }

  /** Resolves true when no handler runs, false when `signal` was aborted before. */
  idle(signal: AbortSignal): Promise<boolean> {
    return this.#queue.idle(signal);
  }

  /** The places of its running handlers are among `places` from now on: it is closing, and another worker takes its place. */
  share(places: SharedPlaces): void {
    this.#queue.share(places);
  }

  /** Does not use the shared places and the gate from now on. */
  leave(): void {
    this.#queue.leave();
  }
}

function lostLease(): PubSubError {
  return new PubSubError("LEASE_LOST", "the message no longer belongs to this worker");
}
