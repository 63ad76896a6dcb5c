export interface ConsumerSnapshot {
  readonly pending: readonly (readonly [sequence: number, consumerSequence: number, atMs: number])[];
  readonly counts: readonly (readonly [sequence: number, count: number])[];
  readonly nextSequence: number;
  readonly nextDelivery: number;
  readonly floor: { readonly consumer: number; readonly stream: number };
}

interface Floor {
  consumer: number;
  stream: number;
}

/** Moves the ack floor after the delivery `consumerSequence` of `sequence` was acknowledged, as nats-server 2.9.10 does. */
export function moveFloor(
  floor: Floor,
  sequence: number,
  consumerSequence: number,
  next: Floor,
  pendingAt: (sequence: number) => number | undefined,
): void {
  if (consumerSequence !== floor.consumer + 1) return;
  floor.consumer = consumerSequence;
  floor.stream = sequence;
  for (let later = sequence + 1; later < next.stream; later++) {
    const at = pendingAt(later);
    if (at === undefined) continue;
    floor.consumer = at - 1;
    floor.stream = later - 1;
    return;
  }
}

/**
 * What the server writes to disk of a consumer (`server/filestore.go` of 2.9.10, read 2026-11-26). It differs from what the server
 * knows: a redelivery moves the number of a pending message, so the floor runs ahead, and acks of older deliveries are not written.
 */
export class ConsumerStore {
  readonly #pending = new Map<number, { delivery: number; atMs: number }>();
  readonly #counts = new Map<number, number>();
  readonly #floor: Floor = { consumer: 0, stream: 0 };
  #delivered = 0;
  #stream = 0;

  delivered(delivery: number, sequence: number, count: number, atMs: number): void {
    if (delivery <= this.#floor.consumer) return;
    if (sequence <= this.#stream) {
      const pending = this.#pending.get(sequence);
      if (pending !== undefined) [pending.delivery, pending.atMs] = [delivery, atMs];
    } else this.#pending.set(sequence, { delivery, atMs });
    this.#delivered = Math.max(this.#delivered, delivery);
    this.#stream = Math.max(this.#stream, sequence);
    if (count > 1) this.#counts.set(sequence, count);
  }

  acked(delivery: number, sequence: number): void {
    const pending = this.#pending.get(sequence);
    if (pending === undefined || delivery <= this.#floor.consumer) return;
    this.#pending.delete(sequence);
    this.#counts.delete(sequence);
    if (this.#pending.size === 0) {
      this.#floor.consumer = this.#delivered;
      this.#floor.stream = this.#stream;
      return;
    }
    const next = { consumer: this.#delivered, stream: this.#stream };
    moveFloor(this.#floor, sequence, pending.delivery, next, (later) => this.#pending.get(later)?.delivery);
  }

  snapshot(): ConsumerSnapshot {
    return {
      pending: [...this.#pending].map(([sequence, { delivery, atMs }]) => [
        sequence,
        delivery,
        Math.floor(atMs / 1000) * 1000,
      ]),
      counts: [...this.#counts],
      nextSequence: this.#stream + 1,
      nextDelivery: this.#delivered + 1,
      floor: { ...this.#floor },
    };
  }

  restore(snapshot: ConsumerSnapshot): void {
    this.#pending.clear();
    this.#counts.clear();
    for (const [sequence, delivery, atMs] of snapshot.pending) this.#pending.set(sequence, { delivery, atMs });
    for (const [sequence, count] of snapshot.counts) this.#counts.set(sequence, count);
    this.#stream = snapshot.nextSequence - 1;
    this.#delivered = snapshot.nextDelivery - 1;
    Object.assign(this.#floor, snapshot.floor);
  }
}
