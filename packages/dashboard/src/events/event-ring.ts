import type { WireEvent } from "../api/wire-event.ts";

/** The newest events. Each has a position, counted from 0, which stays true when older events have left. */
export class EventRing {
  readonly #capacity: number;
  readonly #events: WireEvent[] = [];
  #end = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The position of the oldest event that is still here. */
  get start(): number {
    return Math.max(0, this.#end - this.#capacity);
  }

  /** The position of the next event. */
  get end(): number {
    return this.#end;
  }

  push(event: WireEvent): void {
    this.#events[this.#end % this.#capacity] = event;
    this.#end += 1;
  }

  /** @param position from `start` to before `end` */
  at(position: number): WireEvent {
    const event = this.#events[position % this.#capacity];
    if (event === undefined || position < this.start || position >= this.#end) {
      throw new RangeError(`no event at position ${position}`);
    }
    return event;
  }
}
