import type { Clock } from "../base/clock.ts";
import type { DriverDelivery } from "../driver.ts";
import { HeldItems } from "../base/held-items.ts";
import type { InFlight } from "./in-flight.ts";
import { KeyLanes } from "./key-lanes.ts";
import { PubSubError } from "../base/errors.ts";
import { RunQueue } from "./run-queue.ts";
import type { WorkerOptions } from "./worker-options.ts";

export interface WorkerItemsOptions extends Pick<WorkerOptions, "subscription" | "maxConcurrency" | "places"> {
  readonly clock: Clock;
  /** Runs an item that has a place. */
  readonly start: (item: InFlight) => void;
  /** Gives an item back to the broker that has not started. */
  readonly giveBack: (item: InFlight) => void;
}

/**
 * Second step of a delivery: it waits for its turn, behind its key's predecessor (C20) and for one of `maxConcurrency`
 * places (C9). Knows what one worker has in hand, and moves it from state to state; settles nothing.
 */
export class WorkerItems {
  /** What is ours: its leases are renewed. */
  readonly held: HeldItems<InFlight> = new HeldItems<InFlight>();
  /** What goes on although its delivery was lost, a handler or the storing of a letter: it keeps its place until it ends. */
  readonly lost: Set<InFlight> = new Set<InFlight>();
  readonly #lanes: KeyLanes | undefined;
  readonly #queue: RunQueue;
  readonly #giveBack: (item: InFlight) => void;
  #abandoned = 0;
  #isOpen = true;

  constructor(options: WorkerItemsOptions) {
    const { subscription, clock, giveBack } = options;
    this.#giveBack = giveBack;
    this.#queue = new RunQueue(options);
    if (subscription.topic.orderingKey === undefined) return;
    this.#lanes = new KeyLanes({
      clock,
      ready: (item) => this.ready(item),
      giveBack: (items) => this.#giveBackAll(items),
      patienceMs: Math.max(2 * subscription.ackDeadlineMs, 10_000),
    });
  }

  /** How many places are taken. */
  get running(): number {
    return this.#queue.running;
  }

  get waiting(): number {
    return this.held.size + this.lost.size - this.#queue.running;
  }

  /** How many handlers that were given up have not returned. */
  get abandoned(): number {
    return this.#abandoned;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether its key decides when it is ready. */
  hasLane({ orderingKey }: InFlight): boolean {
    return this.#lanes !== undefined && orderingKey !== undefined;
  }

  /** One more; it runs when its key permits and there is a place. */
  admit(item: InFlight): void {
    const { orderingKey } = item;
    if (this.#lanes !== undefined && orderingKey !== undefined) this.#lanes.admit(orderingKey, item);
    else this.ready(item);
  }

  /** It runs when there is a place. */
  ready(item: InFlight): void {
    if (item.state !== "waiting") return;
    if (this.#isOpen) this.#queue.push(item);
    else this.#giveBack(item);
  }

  /** It has not run, and waits once more, without a place: who parks it makes it `ready`. */
  park(item: InFlight): void {
    item.state = "waiting";
    this.#queue.free(item);
    this.#queue.fill();
  }

  /** It is about to be settled: no longer held, and its place is free. */
  letGo(item: InFlight): void {
    item.state = "settled";
    this.held.delete(item);
    this.#queue.free(item);
  }

  /** It was settled for good: its key may go on, and free places be filled. */
  goOn(item: InFlight): void {
    if (this.#lanes !== undefined && item.orderingKey !== undefined) this.#lanes.settled(item.orderingKey, item);
    this.#queue.fill();
  }

  /** It comes back at once and is to run again after `delayMs`, before its key goes on. Must be called before the settle. */
  awaitRetry(item: InFlight, delayMs: number): void {
    if (item.orderingKey !== undefined) this.#lanes?.awaitRetry(item.orderingKey, item, delayMs);
  }

  /** Its lease ended while it waited: nothing of its key waits for it. */
  leaveLane(item: InFlight): void {
    if (item.orderingKey !== undefined) this.#lanes?.leaves(item.orderingKey, item);
  }

  /** The delivery belongs to somebody else now. Returns whether its handler had not started. */
  revoke(delivery: DriverDelivery): boolean {
    const item = this.held.find((held) => held.delivery === delivery);
    return item !== undefined && this.#revoke(item);
  }

  revokeAll(): void {
    this.#lanes?.clear();
    this.#queue.clear();
    for (const item of this.held.toArray()) if (item.isHeld) this.#revoke(item);
  }

  #revoke(item: InFlight): boolean {
    this.held.delete(item);
    const { state } = item;
    item.state = "lost";
    if (item.orderingKey !== undefined) this.#lanes?.revoked(item.orderingKey, item);
    if (state === "running" || item.isStoring) {
      this.lost.add(item);
      if (state === "running") {
        this.giveUp(item, new PubSubError("LEASE_LOST", "the message no longer belongs to this worker"));
      }
    } else {
      this.ended(item);
    }
    return state === "waiting";
  }

  /** Its handler is told to stop, and counts as abandoned until it has. */
  giveUp(item: InFlight, reason: PubSubError): void {
    item.abort(reason);
    if (item.givenUp) return;
    item.givenUp = true;
    this.#abandoned += 1;
  }

  /** The handler of an item that is no longer ours returned. */
  returned(item: InFlight): void {
    if (item.givenUp) this.#abandoned -= 1;
    item.givenUp = false;
    if (!item.isStoring) this.ended(item);
  }

  /** Nothing of an item goes on that is no longer ours: its place is free. */
  ended(item: InFlight): void {
    this.lost.delete(item);
    this.#queue.free(item);
    this.#queue.fill();
  }

  /** From now on nothing starts; what waits goes back. */
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

  /** Takes no more of the places that are shared with other workers. */
  leave(): void {
    this.#queue.leave();
  }
}
