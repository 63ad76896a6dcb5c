import type { NatsDelivery } from "../delivery.ts";

/**
 * What the active worker of an ordered subscription has received and not yet handed to core, and which messages it has
 * given back to the server and expects again. Decides what core may have next.
 */
export class OrderedBuffer {
  readonly #buffered = new Map<number, NatsDelivery>();
  /** Given back and not yet here again: their places in the stream, oldest first, and since when (monotonic ms). */
  readonly #awaited = new Map<number, number>();
  /** How many of each key are awaited. */
  readonly #awaitedKeys = new Map<string, number>();
  /** Messages without a key whose retry is not due, Unix ms. */
  readonly #dueMs = new Map<number, number>();

  get size(): number {
    return this.#buffered.size;
  }

  /** Without those that wait for their delay. */
  get ready(): number {
    return this.#buffered.size - Math.min(this.#dueMs.size, this.#buffered.size);
  }

  get awaited(): number {
    return this.#awaited.size;
  }

  /** Since when the oldest of the awaited ones is; `Infinity` when none is. */
  get awaitedSinceMs(): number {
    for (const sinceMs of this.#awaited.values()) return sinceMs;
    return Number.POSITIVE_INFINITY;
  }

  get deliveries(): Iterable<NatsDelivery> {
    return this.#buffered.values();
  }

  /** Whether nothing stands between this delivery and core. */
  isFree(delivery: NatsDelivery): boolean {
    const key = delivery.orderingKey;
    return this.#buffered.size === 0 && (this.#awaited.size === 0 || this.#isFirst(delivery, key));
  }

  #isFirst(delivery: NatsDelivery, key: string | undefined): boolean {
    if (this.#dueMs.has(delivery.streamSequence)) return false;
    return key === undefined || !this.#awaitedKeys.has(key);
  }

  /** It has arrived: again, or for the first time. */
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

  /** A redelivery of something buffered takes its place. True when there was something. */
  replace(delivery: NatsDelivery): boolean {
    if (!this.#buffered.has(delivery.streamSequence)) return false;
    this.#buffered.set(delivery.streamSequence, delivery);
    return true;
  }

  /** It goes back to the server now, which brings it again at once; one without a key may start at `dueMs`. */
  await(delivery: NatsDelivery, nowMs: number, dueMs: number): void {
    const key = delivery.orderingKey;
    this.#awaited.set(delivery.streamSequence, nowMs);
    if (key === undefined) this.#dueMs.set(delivery.streamSequence, dueMs);
    else this.#awaitedKeys.set(key, (this.#awaitedKeys.get(key) ?? 0) + 1);
  }

  /** Everything that is unsettled is here: nothing is awaited. */
  allArrived(): void {
    this.#awaited.clear();
    this.#awaitedKeys.clear();
  }

  /** Takes out, in order of publishing, what core may have, at most `room`. */
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

  /** When the next of those that wait for their delay is due, Unix ms; `Infinity` when none waits here. */
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
