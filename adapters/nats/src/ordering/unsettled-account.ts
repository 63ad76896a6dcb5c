import type { ConsumerInfo } from "@nats-io/jetstream";
import type { AckSubject } from "../wire/ack-subject.ts";
import type { NatsDelivery } from "../delivery.ts";

interface Received {
  readonly streamSequence: number;
  /** How often the message had been delivered, this time included. */
  readonly count: number;
}

/**
 * Counts the unsettled messages of a consumer that may be elsewhere, not in this worker's hands. The server tells only how
 * many are unsettled. To subtract those in hand is not enough: the ack of an earlier active worker may arrive late, after
 * its message was redelivered to this one. Then a message in hand is no longer unsettled, and hides one that is missing.
 *
 * Two upper bounds are certain. The first assumes that every message in hand that another worker may have had is settled.
 * The second counts from the server's first answer: the messages that were unsettled then, plus those first delivered
 * since, minus those of them that this worker has received or acknowledged. Late acks can only reduce them.
 */
export class UnsettledAccount {
  /** Deliveries to this worker since the recovery began, by their number in the consumer's count. */
  readonly #received = new Map<number, Received>();
  #first: { readonly unsettled: number; readonly delivery: number; readonly stream: number } | undefined;
  #acked = 0;
  #lastReceived = 0;
  #delivered = 0;
  #stream = 0;
  #unexplained = 0;
  #elsewhere = 0;
  #atMost = Number.POSITIVE_INFINITY;
  #atLeast = Number.POSITIVE_INFINITY;
  #isContiguous = false;

  /** The last place in the stream that had been delivered to any worker at the first answer. */
  get frontier(): number | undefined {
    return this.#first?.stream;
  }

  /** How many redeliveries need room. */
  get expected(): number {
    if (this.#first === undefined) return 0;
    return Math.max(this.#atLeast, this.#atMost > 0 ? 1 : 0);
  }

  /** No unsettled message is elsewhere, and no delivery since the last answer went elsewhere. */
  get isComplete(): boolean {
    return this.#isContiguous && this.#atMost <= 0;
  }

  /** By the plain count nothing is missing, but a late ack may hide a missing message. */
  get isComplicated(): boolean {
    return this.#isContiguous && this.#atLeast <= 0;
  }

  /** The last delivery that is accounted for. */
  get through(): number {
    return Math.max(this.#delivered, this.#lastReceived);
  }

  /**
   * Whether a killed server has forgotten that it delivered this message: it was received before the recovery began, and lies beyond what
   * the server says it has delivered. The server will deliver it again, after older ones that it has forgotten, too.
   */
  isForgotten({ consumerSequence, streamSequence }: NatsDelivery): boolean {
    if (streamSequence <= this.#stream) return false;
    return this.#received.get(consumerSequence)?.streamSequence !== streamSequence;
  }

  received({ consumerSequence, streamSequence, delivered }: AckSubject): void {
    this.#received.set(consumerSequence, { streamSequence, count: delivered });
    this.#lastReceived = consumerSequence;
  }

  /** This worker has acknowledged this delivery. */
  acked(consumerSequence: number, streamSequence: number, inheritedThrough: number | undefined): void {
    const first = this.#first;
    if (first === undefined || inheritedThrough === undefined) return;
    // An earlier delivery that another worker may have had need not be among the counted ones.
    if (consumerSequence > first.delivery || streamSequence > inheritedThrough) this.#acked++;
  }

  /** Returns true when something has happened that this worker did not cause. */
  compare(state: ConsumerInfo, inHand: Iterable<NatsDelivery>, inheritedThrough: number): boolean {
    const { consumer_seq: delivered, stream_seq: stream } = state.delivered;
    const unsettled = state.num_ack_pending;
    const isFirst = this.#first === undefined;
    const first = (this.#first ??= { unsettled, delivery: delivered, stream });
    this.#delivered = delivered;
    this.#stream = stream;
    let held = 0;
    let own = 0;
    let sinceFirst = 0;
    for (const { consumerSequence, streamSequence } of inHand) {
      // Delivered after the count, or forgotten by a killed server.
      if (consumerSequence > delivered || streamSequence > stream) continue;
      const isOwn = streamSequence > inheritedThrough;
      held++;
      if (isOwn) own++;
      if (isOwn || consumerSequence > first.delivery) sinceFirst++;
    }
    const [added, elsewhere] = this.#since(first, delivered);
    const ever = first.unsettled + added + elsewhere - this.#acked;
    this.#atLeast = Math.max(0, unsettled - held);
    this.#atMost = Math.max(this.#atLeast, Math.min(unsettled - own, ever - sinceFirst));
    this.#isContiguous = this.#isContiguousAfter(delivered);
    const unexplained = ever - unsettled;
    const disturbed = !isFirst && (unexplained > this.#unexplained || elsewhere > this.#elsewhere);
    this.#unexplained = unexplained;
    this.#elsewhere = elsewhere;
    return disturbed;
  }

  /** Deliveries since the first answer: those to this worker that may have added unsettled messages, and those elsewhere. */
  #since(
    first: { readonly delivery: number; readonly stream: number },
    to: number,
  ): readonly [added: number, elsewhere: number] {
    let [added, here] = [0, 0];
    const again = new Set<number>();
    for (const [consumerSequence, { streamSequence, count }] of this.#received) {
      if (consumerSequence <= first.delivery || consumerSequence > to) continue;
      here++;
      if (count === 1) added++;
      else if (streamSequence > first.stream) again.add(streamSequence);
    }
    // A redelivery adds one only if its first delivery went elsewhere.
    for (const { streamSequence, count } of this.#received.values()) if (count === 1) again.delete(streamSequence);
    return [added + again.size, Math.max(0, to - first.delivery - here)];
  }

  /** Whether every known delivery after the answer went to this worker. */
  #isContiguousAfter(delivered: number): boolean {
    for (let sequence = delivered + 1; sequence < this.#lastReceived; sequence++)
      if (!this.#received.has(sequence)) return false;
    return true;
  }
}
