import type { InFlight } from "./in-flight.ts";

/** Values that a worker keeps for some messages, at most `max`: the oldest are forgotten. */
export class RememberedMessages<Value> {
  readonly #byMessage = new Map<string, Value>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether there is any value: when not, no message need be looked up. */
  get any(): boolean {
    return this.#byMessage.size > 0;
  }

  get(item: InFlight): Value | undefined {
    return this.#byMessage.get(keyOf(item));
  }

  set(item: InFlight, value: Value): void {
    const key = keyOf(item);
    this.#byMessage.delete(key);
    this.#byMessage.set(key, value);
    const [oldest] = this.#byMessage.size > this.#max ? this.#byMessage.keys() : [];
    if (oldest !== undefined) this.#byMessage.delete(oldest);
  }

  clear(): void {
    this.#byMessage.clear();
  }

  /** Returns the value and forgets it. */
  take(item: InFlight): Value | undefined {
    const key = keyOf(item);
    const value = this.#byMessage.get(key);
    if (value !== undefined) this.#byMessage.delete(key);
    return value;
  }
}

/** Not the id alone: publishers choose ids, and an id that was published twice is two messages. */
function keyOf({ id, delivery }: InFlight): string {
  return `${delivery.publishTimeMs} ${id}`;
}
