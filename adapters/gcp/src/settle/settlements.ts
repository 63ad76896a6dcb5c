import {
  type Clock,
  type DeliveryOwner,
  type DeliverySink,
  PubSubError,
  type SubscriptionSpec,
} from "@anytopic/core/driver";
import type { WireReceived } from "../connection/rpc.ts";
import type { GcpDelivery } from "../delivery.ts";
import { KeyHolds } from "../ordering/key-holds.ts";
import type { AttemptCounter } from "../retry/attempt-counter.ts";
import { mayBeCounted } from "../retry/move-on.ts";

export interface SettlementsOptions {
  readonly clock: Clock;
  readonly spec: SubscriptionSpec;
  readonly sink: DeliverySink;
  readonly attempts: AttemptCounter;
  readonly isStopping: () => boolean;
  /** Resolves when no pull of a worker that stops could receive what is released now. */
  readonly pullsEnded: () => Promise<void>;
  /** One delivery is no longer with core. */
  readonly freed: () => void;
  /** The lease of a delivery that core has was found to have expired. */
  readonly lost: (delivery: GcpDelivery) => void;
  /** A message of this key may be redelivered: those that came after it must come again, after it. */
  readonly takeBack: (key: string, behind: readonly GcpDelivery[]) => void;
}

/** The shortest deadline that is not a negative acknowledgement. */
export const SHORTLY_SECONDS = 1;

const SETTLED = Promise.resolve();

/**
 * Settles the deliveries of one worker. A failed message waits at the service, under a lease as long as its delay. One with
 * an ordering key waits there only if the worker holds nothing else of that key. Otherwise it stays leased here and is
 * delivered to core again at once, and its lease blocks the key for all workers (docs/adr/040-gcp-retry.md).
 */
export class Settlements implements DeliveryOwner<GcpDelivery> {
  readonly #options: SettlementsOptions;
  readonly #keys = new KeyHolds();
  /** All messages of the pull that is being delivered to core, before and after the one that core has just got. */
  arriving: readonly WireReceived[] = [];

  constructor(options: SettlementsOptions) {
    this.#options = options;
  }

  ack(delivery: GcpDelivery): Promise<void> | undefined {
    if (delivery.settled) return delivery.lost ? this.#lateAck(delivery) : SETTLED;
    if (this.#hasExpired(delivery)) {
      this.#endLate(delivery);
      return this.#lateAck(delivery);
    }
    const confirmation = delivery.source.settles.ack(delivery.ackId);
    this.#options.attempts.forget(delivery.native.message.messageId);
    this.#end(delivery);
    return confirmation;
  }

  retry(delivery: GcpDelivery, delayMs: number): Promise<void> | undefined {
    if (delivery.settled) return SETTLED;
    const keepsKey = this.keepsKey(delivery);
    if (keepsKey && !this.retriesAtBroker(delivery)) return this.#redeliverHere(delivery, delivery.attempt + 1);
    const nowMs = this.#options.clock.monotonicNow();
    const late = delivery.leaseUntilMs <= nowMs;
    this.#options.attempts.failed(delivery);
    const seconds = Math.max(keepsKey ? SHORTLY_SECONDS : 0, Math.ceil(delayMs / 1000));
    const { source, native, orderingKey } = delivery;
    if (keepsKey) source.keyWaits.add(orderingKey as string, native.message.messageId, nowMs + seconds * 1000);
    const confirmation = source.settles.deadline([delivery.ackId], seconds);
    if (late) this.#endLate(delivery);
    else this.#end(delivery);
    return late ? Promise.reject(lateSettle()) : confirmation;
  }

  release(delivery: GcpDelivery, leaseEnded: boolean): Promise<void> | undefined {
    if (delivery.settled) return SETTLED;
    if (leaseEnded || this.#hasExpired(delivery)) {
      this.#endLate(delivery);
      return Promise.reject(lateSettle());
    }
    if (this.keepsKey(delivery)) return this.#redeliverHere(delivery, delivery.attempt);
    this.#end(delivery);
    return this.#options.pullsEnded().then(() => delivery.source.settles.deadline([delivery.ackId], 0));
  }

  /**
   * When its lease expires the service counts the failure, and this count survives the worker. It would count one for every
   * other leased message of the key too, although none has started, and in the end dead-letter them.
   */
  retriesAtBroker(delivery: GcpDelivery): boolean {
    if (!this.keepsKey(delivery) || delivery.failedHere) return false;
    const key = delivery.orderingKey as string;
    const isFollowed = this.arriving.some((other) => other !== delivery.native && other.message.orderingKey === key);
    return !isFollowed && this.#keys.isSingle(key) && mayBeCounted(this.#options.spec, delivery.native);
  }

  /** Whether its key must stay blocked until it is settled for good. */
  keepsKey(delivery: GcpDelivery): boolean {
    return this.#options.spec.topic.ordered && delivery.orderingKey !== undefined;
  }

  /** Core is about to get it. */
  admit(delivery: GcpDelivery): void {
    delivery.withCore = true;
    if (this.keepsKey(delivery)) this.#keys.add(delivery.orderingKey as string, delivery);
  }

  /** The worker no longer holds it. */
  forget(delivery: GcpDelivery): void {
    delivery.settled = true;
    const { held } = delivery.source;
    const { messageId } = delivery.native.message;
    if (held.get(messageId) === delivery) held.delete(messageId);
  }

  /** The deliveries with core that wait for this one. */
  behind(delivery: GcpDelivery): readonly GcpDelivery[] {
    return this.keepsKey(delivery) ? this.#keys.behind(delivery.orderingKey as string, delivery) : [];
  }

  /** It is no longer with core: what was released under its key, and waited for it, goes to the service. */
  leave(delivery: GcpDelivery): void {
    this.#options.freed();
    if (this.keepsKey(delivery)) this.makeVisible(this.#keys.settled(delivery.orderingKey as string, delivery));
  }

  /**
   * Makes messages visible to other workers: at once, or after `keyedSeconds` if they have a key. On the emulator, a negative
   * acknowledgement would put them behind their successors.
   */
  makeVisible(deliveries: readonly GcpDelivery[], keyedSeconds: number = SHORTLY_SECONDS): void {
    for (const delivery of deliveries) {
      this.forget(delivery);
      void delivery.source.settles.deadline([delivery.ackId], this.keepsKey(delivery) ? keyedSeconds : 0);
    }
  }

  /** Released by core, and leased until core has no delivery of their key. */
  released(): Iterable<GcpDelivery> {
    return this.#keys.released();
  }

  /** For the end of the worker. */
  makeReleasedVisible(): void {
    this.makeVisible([...this.#keys.released()]);
    this.#keys.clear();
  }

  #hasExpired({ leaseUntilMs }: GcpDelivery): boolean {
    return leaseUntilMs <= this.#options.clock.monotonicNow();
  }

  /** The lease stays. Core gets a new delivery, unless the worker is closing. */
  #redeliverHere(delivery: GcpDelivery, attempt: number): undefined {
    delivery.settled = true;
    const next = delivery.again(attempt);
    delivery.source.held.set(next.native.message.messageId, next);
    this.#keys.replace(next.orderingKey as string, delivery, next);
    setImmediate(() => {
      if (next.settled) return;
      if (this.#options.isStopping()) {
        next.settled = true;
        this.#keys.release(next.orderingKey as string, next);
        return this.leave(next);
      }
      this.#options.sink.deliver(next);
      // Core waits for it, and so must get it. But another worker may have it by now.
      if (this.#hasExpired(next)) this.#options.lost(next);
    });
  }

  /** Sent although it is late: the ack id names its own lease, so the ack may prevent a redelivery and cannot harm. But nothing proves that it did. */
  #lateAck(delivery: GcpDelivery): Promise<void> {
    delivery.lost = false;
    // If the message is redelivered, that is another attempt, also where only this worker counts.
    this.#options.attempts.failed(delivery);
    delivery.source.settles.ack(delivery.ackId).catch(() => {});
    return Promise.reject(lateSettle());
  }

  #end(delivery: GcpDelivery): void {
    this.forget(delivery);
    this.leave(delivery);
  }

  /** Its lease has expired, and another worker may have it. */
  #endLate(delivery: GcpDelivery): void {
    const behind = this.behind(delivery);
    this.#end(delivery);
    if (this.keepsKey(delivery)) this.#options.takeBack(delivery.orderingKey as string, behind);
  }
}

function lateSettle(): PubSubError {
  return new PubSubError("LEASE_LOST", "the lease had expired before the settle: the message may be redelivered");
}
