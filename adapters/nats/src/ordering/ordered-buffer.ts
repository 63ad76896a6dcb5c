import type { NatsDelivery } from "../delivery.ts";

/**
 * The messages that the active worker has received and not yet delivered to core, and those that it has given back to
 * the server and awaits again. Decides which may be delivered next.
 */
export class OrderedBuffer {
  readonly #buffered = new Map<number, NatsDelivery>();
  /** The awaited messages by their place in the stream, oldest first, with the time they were given back (monotonic ms). */
  readonly #awaited = new Map<number, number>();
  /** How many messages of each key are awaited. */
  readonly #awaitedKeys = new Map<string, number>();
  /** When messages without a key are due for their retry, monotonic ms. */
  readonly #dueMs = new Map<number, number>();

  get size(): number {
    return this.#buffered.size;
  }

  /** How many do not wait for a retry delay. */
  get ready(): number {
    return this.#buffered.size - Math.min(this.#dueMs.size, this.#buffered.size);
  }

  get awaited(): number {
    return this.#awaited.size;
  }

  /** When the oldest awaited message was given back; `Infinity` when none is awaited. */
  get awaitedSinceMs(): number {
    for (const sinceMs of this.#awaited.values()) return sinceMs;
    return Number.POSITIVE_INFINITY;
  }

  get deliveries(): Iterable<NatsDelivery> {
    return this.#buffered.values();
  }

  /** Whether this delivery may go to core at once. */
  isFree(delivery: NatsDelivery): boolean {
    if (this.#buffered.size > 0) return false;
    if (this.#awaited.size === 0) return true;
    const key = delivery.orderingKey;
    return !this.#dueMs.has(delivery.streamSequence) && (key === undefined || !this.#awaitedKeys.has(key));
  }

  /** To be called for every delivery that arrives. */
  arrived(delivery: NatsDelivery): void {
    const sequence = delivery.streamSequence;
    if (!this.#awaited.has(sequence)) return;
    this.#awaited.delete(sequence);
    const key = delivery.orderingKey;
    if (key === undefined) return;
    const others = (this.#awaitedKeys.get(key) ?? 1) - 1;
    if (others === 0) this.#awaitedKeys.delete(key);
    else this.#awaitedKeys.set(key, others);
  }

  add(delivery: NatsDelivery): void {
    this.#buffered.set(delivery.streamSequence, delivery);
  }

  /** Replaces the buffered delivery of the same message. False when there is none. */
  replace(delivery: NatsDelivery): boolean {
    if (!this.#buffered.has(delivery.streamSequence)) return false;
    this.#buffered.set(delivery.streamSequence, delivery);
    return true;
  }

  /** Removes buffered deliveries that will come again. */
  forget(isForgotten: (delivery: NatsDelivery) => boolean): void {
    for (const [sequence, delivery] of this.#buffered) if (isForgotten(delivery)) this.#buffered.delete(sequence);
  }

  /** The message is given back now, and the server redelivers it at once. Without a key it may start at `dueMs`. */
  await(delivery: NatsDelivery, nowMs: number, dueMs: number): void {
    const key = delivery.orderingKey;
    this.#awaited.set(delivery.streamSequence, nowMs);
    if (key === undefined) this.#dueMs.set(delivery.streamSequence, dueMs);
    else this.#awaitedKeys.set(key, (this.#awaitedKeys.get(key) ?? 0) + 1);
  }

  /** Every unsettled message is here: none is awaited. */
  allArrived(): void {
    this.#awaited.clear();
    this.#awaitedKeys.clear();
  }

  /** Removes the deliveries that may go to core now, in the order of publishing, at most `room`. */
  take(room: number, nowMs: number): readonly NatsDelivery[] {
    const taken: NatsDelivery[] = [];
    const blocked = new Set<string>();
    for (const sequence of [...this.#buffered.keys()].sort((a, b) => a - b)) {
      if (taken.length >= room) break;
      const delivery = this.#buffered.get(sequence) as NatsDelivery;
      const key = delivery.orderingKey;
      if ((this.#dueMs.get(sequence) ?? 0) > nowMs) continue;
      if (key !== undefined && (blocked.has(key) || this.#awaitedKeys.has(key))) {
        blocked.add(key);
        continue;
      }
      this.#buffered.delete(sequence);
      this.#dueMs.delete(sequence);
      taken.push(delivery);
    }
    return taken;
  }

  /** When the next buffered retry is due, monotonic ms; `Infinity` when none waits. */
  get nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const [sequence, dueMs] of this.#dueMs) if (dueMs < next && this.#buffered.has(sequence)) next = dueMs;
    return next;
  }

  clear(): readonly NatsDelivery[] {
    const deliveries = [...this.#buffered.values()];
    this.#buffered.clear();
    this.#awaited.clear();
    this.#awaitedKeys.clear();
    this.#dueMs.clear();
    return deliveries;
  }
}
