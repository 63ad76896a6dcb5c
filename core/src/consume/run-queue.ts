import { Deque } from "../base/deque.ts";
import { BatchCollector, type BatchCollectorOptions } from "./batch/batch-collector.ts";
import type { InFlight } from "./in-flight.ts";
import type { SharedPlaces } from "./shared-places.ts";
import type { StartGate } from "./start-gate.ts";

export interface RunQueueOptions {
  readonly maxConcurrency: number;
  /** Present when workers on several connections share `maxConcurrency`. */
  readonly places: SharedPlaces | undefined;
  /** Present when the worker has a rate or a circuit. */
  readonly gate: StartGate | undefined;
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
  readonly #wake = (): void => this.fill();
  #places: SharedPlaces | undefined;
  #leavePlaces: (() => void) | undefined;
  readonly #leaveGate: (() => void) | undefined;
  #running = 0;
  #filling = false;
  #onIdle: (() => void) | undefined;

  constructor(options: RunQueueOptions) {
    this.#options = options;
    const { batches, gate } = options;
    if (batches !== undefined) this.#batches = new BatchCollector(batches, gate, this.#wake);
    this.#places = options.places;
    this.#leavePlaces = options.places?.join(this.#wake);
    this.#leaveGate = gate?.join(this.#wake);
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
    const { maxConcurrency, gate, start } = this.#options;
    const places = this.#places;
    const batches = this.#batches;
    while (this.#running < maxConcurrency && this.#waiting.length > 0) {
      if (batches?.isDue(this.#waiting) === false) break;
      if (places?.take() === false) break;
      if (gate !== undefined && !this.#admitNext(gate)) {
        places?.give();
        break;
      }
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

  /** An item that is not waiting any longer passes, and is forgotten. */
  #admitNext(gate: StartGate): boolean {
    const item = this.#waiting.peek() as InFlight;
    return item.state !== "waiting" || gate.admit(item);
  }

  /** Frees the item's place, if it holds one. Call `fill` when the next item may start. */
  free(item: InFlight): void {
    if (!item.holdsPlace) return;
    item.holdsPlace = false;
    this.#options.gate?.freed(item);
    if (item.batch !== undefined && this.#batches?.free(item.batch) === false) return;
    this.#running -= 1;
    this.#places?.give();
  }

  /** The taken places are among `places` from now on. Only for a queue that has none to share, and starts nothing any longer. */
  share(places: SharedPlaces): void {
    if (this.#places !== undefined) return;
    this.#places = places;
    for (let taken = 0; taken < this.#running; taken += 1) places.take();
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

  /** Does not use the shared places and the gate from now on. */
  leave(): void {
    this.#leavePlaces?.();
    this.#leavePlaces = undefined;
    this.#leaveGate?.();
  }
}
