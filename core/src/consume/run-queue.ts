import { Deque } from "../base/deque.ts";
import { BatchCollector, type BatchCollectorOptions } from "./batch/batch-collector.ts";
import type { InFlight } from "./in-flight.ts";
import type { SharedPlaces } from "./shared-places.ts";

export interface RunQueueOptions {
  readonly maxConcurrency: number;
  /** Present when workers on several connections share `maxConcurrency`. */
  readonly places: SharedPlaces | undefined;
  /** Runs the item's handler. It holds its place until `free`. */
  readonly start: (item: InFlight) => void;
  /** Present for a batch handler: several items share a place. */
  readonly batches: BatchCollectorOptions | undefined;
}

/** The items that wait for a free place of one worker, in order, and the number of taken places. */
export class RunQueue {
  readonly #options: RunQueueOptions;
  readonly #waiting = new Deque<InFlight>();
  readonly #batches: BatchCollector | undefined;
  readonly #leave: (() => void) | undefined;
  #running = 0;
  #filling = false;
  #onIdle: (() => void) | undefined;

  constructor(options: RunQueueOptions) {
    this.#options = options;
    if (options.batches !== undefined) this.#batches = new BatchCollector(options.batches, () => this.fill());
    this.#leave = options.places?.join(() => this.fill());
  }

  /** How many places are taken. */
  get running(): number {
    return this.#running;
  }

  /** How many items have started and hold a place, or a share of one. */
  get started(): number {
    return this.#running + (this.#batches?.others ?? 0);
  }

  /** Starts the item now, or when a place is free. */
  push(item: InFlight): void {
    // Always through the queue, so that handlers that return at once run in a loop and not in a recursion.
    this.#waiting.push(item);
    this.#batches?.wait(item, this.#waiting);
    this.fill();
  }

  /** Forgets all waiting items. */
  clear(): void {
    this.#waiting.remove(() => true);
    this.#batches?.clear();
  }

  /** Starts waiting items while places are free. */
  fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    const { maxConcurrency, places, start } = this.#options;
    const batches = this.#batches;
    while (this.#running < maxConcurrency && this.#waiting.length > 0) {
      if (batches?.isDue(this.#waiting) === false) break;
      if (places?.take() === false) break;
      const item = this.#waiting.shift() as InFlight;
      if (item.state !== "waiting") {
        places?.give();
        continue;
      }
      item.state = "running";
      item.holdsPlace = true;
      this.#running += 1;
      if (batches === undefined) start(item);
      else batches.start(item, this.#waiting);
    }
    this.#filling = false;
    if (this.#running === 0) this.#onIdle?.();
  }

  /** Frees the item's place, if it holds one. Call `fill` when the next item may start. */
  free(item: InFlight): void {
    if (!item.holdsPlace) return;
    item.holdsPlace = false;
    if (item.batch !== undefined && this.#batches?.free(item.batch) === false) return;
    this.#running -= 1;
    this.#options.places?.give();
  }

  /** Resolves true when no place is taken, false when `signal` aborts first. */
  async idle(signal: AbortSignal): Promise<boolean> {
    if (this.#running === 0) return true;
    if (signal.aborted) return false;
    return await new Promise<boolean>((resolve) => {
      signal.addEventListener("abort", () => resolve(false), { once: true });
      this.#onIdle = (): void => resolve(true);
    });
  }

  /** Does not use the shared places from now on. */
  leave(): void {
    this.#leave?.();
  }
}
