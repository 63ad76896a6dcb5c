import { Deque } from "../base/deque.ts";
import type { InFlight } from "./in-flight.ts";
import type { SharedPlaces } from "./shared-places.ts";

export interface RunQueueOptions {
  readonly maxConcurrency: number;
  /** Present when workers on several connections keep to `maxConcurrency` together. */
  readonly places: SharedPlaces | undefined;
  /** Runs the item's handler; its place is free again after `free`. */
  readonly start: (item: InFlight) => void;
}

/** What waits for a free place of one worker, in order, and how many places are taken. */
export class RunQueue {
  readonly #options: RunQueueOptions;
  readonly #waiting = new Deque<InFlight>();
  readonly #leave: (() => void) | undefined;
  #running = 0;
  #filling = false;
  #onIdle: (() => void) | undefined;

  constructor(options: RunQueueOptions) {
    this.#options = options;
    this.#leave = options.places?.join(() => this.fill());
  }

  /** How many places are taken. */
  get running(): number {
    return this.#running;
  }

  /** Starts it now or when there is a place. */
  push(item: InFlight): void {
    // Always through the queue: a loop, not a recursion, runs handlers that return at once.
    this.#waiting.push(item);
    this.fill();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.remove(() => true);
  }

  /** Starts what waits while there are places. */
  fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    const { maxConcurrency, places, start } = this.#options;
    while (this.#running < maxConcurrency && this.#waiting.length > 0) {
      if (places?.take() === false) break;
      const item = this.#waiting.shift() as InFlight;
      if (item.state !== "waiting") {
        places?.give();
        continue;
      }
      item.state = "running";
      item.holdsPlace = true;
      this.#running += 1;
      start(item);
    }
    this.#filling = false;
    if (this.#running === 0) this.#onIdle?.();
  }

  /** Gives up the item's place, if it holds one. Call `fill` when the next may start. */
  free(item: InFlight): void {
    if (!item.holdsPlace) return;
    item.holdsPlace = false;
    this.#running -= 1;
    this.#options.places?.give();
  }

  /** Resolves true when no handler runs, false when `signal` was aborted before. */
  async idle(signal: AbortSignal): Promise<boolean> {
    if (this.#running === 0) return true;
    if (signal.aborted) return false;
    return await new Promise<boolean>((resolve) => {
      signal.addEventListener("abort", () => resolve(false), { once: true });
      this.#onIdle = (): void => resolve(true);
    });
  }

  /** Takes no more of the shared places. */
  leave(): void {
    this.#leave?.();
  }
}
