import { Deque } from "../base/deque.ts";
import type { InFlight } from "./in-flight.ts";
import type { SharedPlaces } from "./shared-places.ts";

export interface RunQueueOptions {
  readonly maxConcurrency: number;
  /** Present when workers on several connections share `maxConcurrency`. */
  readonly places: SharedPlaces | undefined;
  /** Runs the item's handler. It holds its place until `free`. */
  readonly start: (item: InFlight) => void;
}

/** The items that wait for a free place of one worker, in order, and the number of taken places. */
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

  /** Starts the item now, or when a place is free. */
  push(item: InFlight): void {
    // Always through the queue, so that handlers that return at once run in a loop and not in a recursion.
    this.#waiting.push(item);
    this.fill();
  }

  /** Forgets all waiting items. */
  clear(): void {
    this.#waiting.remove(() => true);
  }

  /** Starts waiting items while places are free. */
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

  /** Frees the item's place, if it holds one. Call `fill` when the next item may start. */
  free(item: InFlight): void {
    if (!item.holdsPlace) return;
    item.holdsPlace = false;
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
