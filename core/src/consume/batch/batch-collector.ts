import { Batch, type BatchRun } from "./batch.ts";
import type { BatchSize } from "./batch-size.ts";
import type { Clock, TimerHandle } from "../../base/clock.ts";
import type { Deque } from "../../base/deque.ts";
import type { StartGate } from "../start-gate.ts";
import type { InFlight, ItemBatch } from "../in-flight.ts";

export interface BatchCollectorOptions extends BatchSize {
  readonly clock: Clock;
  readonly run: BatchRun;
  /** Begins the attempt of one item. */
  readonly start: (item: InFlight) => void;
}

/** Decides when a batch of waiting items starts, and with which. The items stay in the queue until then: so they are released and lost like all others. */
export class BatchCollector {
  readonly #options: BatchCollectorOptions;
  readonly #gate: StartGate | undefined;
  readonly #fill: () => void;
  #timer: TimerHandle;
  /** The items of running batches beyond the first of each, which has the place. */
  #others = 0;

  /**
   * @param gate present when the worker has a rate or a circuit. The first item of a batch has passed it already.
   * @param fill called when a batch may be due
   */
  constructor(options: BatchCollectorOptions, gate: StartGate | undefined, fill: () => void) {
    this.#options = options;
    this.#gate = gate;
    this.#fill = fill;
  }

  get others(): number {
    return this.#others;
  }

  /** An item waits from now on. */
  wait(item: InFlight, waiting: Deque<InFlight>): void {
    item.readyMs = this.#options.clock.monotonicNow();
    this.#watch(waiting);
  }

  /** Whether a batch is full, or has waited long enough. If not, it is looked at again in time: what waited longest may be gone. */
  isDue(waiting: Deque<InFlight>): boolean {
    const { maxMessages, clock } = this.#options;
    const first = waiting.peek();
    if (first === undefined) return false;
    if (waiting.length >= maxMessages || clock.monotonicNow() >= this.#dueMs(first)) return true;
    this.#watch(waiting);
    return false;
  }

  /** Starts a batch with an item that has a place, and with those that wait behind it. */
  start(first: InFlight, waiting: Deque<InFlight>): void {
    const { maxMessages, run, start } = this.#options;
    const items = [first];
    while (items.length < maxMessages && waiting.length > 0) {
      const item = waiting.peek() as InFlight;
      if (item.state === "waiting" && this.#gate?.admit(item) === false) break;
      waiting.shift();
      if (item.state !== "waiting") continue;
      item.state = "running";
      item.holdsPlace = true;
      items.push(item);
    }
    this.#others += items.length - 1;
    this.#watch(waiting);
    const batch = new Batch(items, run);
    for (const item of items) item.batch = batch;
    for (const item of items) start(item);
    batch.seal();
  }

  /** An item frees its share of a place. Returns whether the place is free. */
  free(batch: ItemBatch): boolean {
    if (batch.free()) return true;
    this.#others -= 1;
    return false;
  }

  /** Nothing waits any longer. */
  clear(): void {
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #dueMs(first: InFlight): number {
    return first.readyMs + this.#options.maxWaitMs;
  }

  /** One timer, for the item that waits longest. One that is due needs none: it waits for a place, and starts when one is free. */
  #watch(waiting: Deque<InFlight>): void {
    const first = waiting.peek();
    if (this.#timer !== undefined || first === undefined) return;
    const { clock } = this.#options;
    const delayMs = this.#dueMs(first) - clock.monotonicNow();
    if (delayMs <= 0) return;
    this.#timer = clock.setTimer(() => {
      this.#timer = undefined;
      this.#fill();
      this.#watch(waiting);
    }, delayMs);
  }
}
