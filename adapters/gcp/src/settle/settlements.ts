import {
  type Clock,
  type DeliveryOwner,
  type DeliverySink,
  PubSubError,
  type SubscriptionSpec,
} from "@anytopic/core/driver";
import type { Attempts } from "../retry/attempts.ts";
import type { GcpDelivery } from "../delivery.ts";
import { KeyHolds } from "../ordering/key-holds.ts";
import { mayBeCounted } from "../retry/move-on.ts";
import type { WireReceived } from "../connection/rpc.ts";

export interface SettlementsOptions {
  readonly clock: Clock;
  readonly spec: SubscriptionSpec;
  readonly sink: DeliverySink;
  readonly attempts: Attempts;
  readonly isStopping: () => boolean;
  /** Resolves when no pull of a worker that stops could take what is given back now. */
  readonly pullsEnded: () => Promise<void>;
  /** One delivery is no longer with core. */
  readonly freed: () => void;
  /** The lease of one that core has was found to have ended. */
  readonly lost: (delivery: GcpDelivery) => void;
}

/** The shortest deadline that is not a negative acknowledgement. */
export const SHORTLY_SECONDS = 1;

const SETTLED = Promise.resolve();

/**
 * How the deliveries of one worker end. A failed message waits at the service, under a lease as long as its delay. One
 * with an ordering key does so only when the worker holds nothing else of that key; otherwise it stays leased here and
 * is handed to core again at once, and its key stays closed everywhere (docs/adr/040-gcp-retry.md).
 */
export class Settlements implements DeliveryOwner<GcpDelivery> {
  readonly #options: SettlementsOptions;
  readonly #keys = new KeyHolds();
  /** What came by the pull that is being handed to core, before and after the delivery that core has just got. */
  arriving: readonly WireReceived[] = [];

  constructor(options: SettlementsOptions) {
    this.#options = options;
  }

  ack(delivery: GcpDelivery): Promise<void> | undefined {
    if (delivery.settled) return delivery.lost ? this.#lateAck(delivery) : SETTLED;
    if (delivery.leaseUntilMs <= this.#options.clock.monotonicNow()) {
      this.#done(delivery);
      return this.#lateAck(delivery);
    }
    const confirmation = delivery.source.settles.ack(delivery.ackId);
    this.#options.attempts.forget(delivery.native.message.messageId);
    this.#done(delivery);
    return confirmation;
  }

  retry(delivery: GcpDelivery, delayMs: number): Promise<void> | undefined {
    if (delivery.settled) return SETTLED;
    const kept = this.isKept(delivery);
    if (kept && !this.retriesAtBroker(delivery)) return this.#handAgain(delivery, delivery.attempt + 1);
    const late = delivery.leaseUntilMs <= this.#options.clock.monotonicNow();
    this.#options.attempts.failed(delivery);
    const seconds = Math.max(kept ? SHORTLY_SECONDS : 0, Math.ceil(delayMs / 1000));
    const { source, native, orderingKey } = delivery;
    if (kept)
      source.keyWaits.add(
        orderingKey as string,
        native.message.messageId,
        this.#options.clock.monotonicNow() + seconds * 1000,
      );
    const confirmation = source.settles.deadline([delivery.ackId], seconds);
    this.#done(delivery);
    return late ? Promise.reject(lateSettle()) : confirmation;
  }

  release(delivery: GcpDelivery, leaseEnded: boolean): Promise<void> | undefined {
    if (delivery.settled) return SETTLED;
    if (leaseEnded || delivery.leaseUntilMs <= this.#options.clock.monotonicNow()) {
      this.#done(delivery);
      return Promise.reject(lateSettle());
    }
    if (this.isKept(delivery)) return this.#handAgain(delivery, delivery.attempt);
    this.#done(delivery);
    return this.#options.pullsEnded().then(() => delivery.source.settles.deadline([delivery.ackId], 0));
  }

  /**
   * When its lease runs out the service counts the failure, which lasts beyond this worker. It would count one for every
   * other leased message of the key too, although none has started, and in the end dead-letter them.
   */
  retriesAtBroker(delivery: GcpDelivery): boolean {
    if (!this.isKept(delivery) || delivery.failedHere) return false;
    const key = delivery.orderingKey as string;
    const isFollowed = this.arriving.some((other) => other !== delivery.native && other.message.orderingKey === key);
    return !isFollowed && this.#keys.isSingle(key) && mayBeCounted(this.#options.spec, delivery.native);
  }

  /** Whether its key must stay closed until it is settled for good. */
  isKept(delivery: GcpDelivery): boolean {
    return this.#options.spec.topic.ordered && delivery.orderingKey !== undefined;
  }

  /** Core is about to get it. */
  admit(delivery: GcpDelivery): void {
    delivery.withCore = true;
    if (this.isKept(delivery)) this.#keys.add(delivery.orderingKey as string);
  }

  /** It ends without our doing, or without core's. */
  forget(delivery: GcpDelivery): void {
    delivery.settled = true;
    const { held } = delivery.source;
    const { messageId } = delivery.native.message;
    if (held.get(messageId) === delivery) held.delete(messageId);
  }

  /** It is with core no more, and forgotten: what waited for it under its key goes back. */
  leave(delivery: GcpDelivery): void {
    this.#options.freed();
    if (this.isKept(delivery)) this.giveBack(this.#keys.settled(delivery.orderingKey as string));
  }

  /** Makes messages visible to other workers: at once, or in order shortly after when they have a key. A negative acknowledgement would put them behind their successors on the emulator. */
  giveBack(deliveries: readonly GcpDelivery[], keyedSeconds: number = SHORTLY_SECONDS): void {
    for (const delivery of deliveries) {
      this.forget(delivery);
      void delivery.source.settles.deadline([delivery.ackId], this.isKept(delivery) ? keyedSeconds : 0);
    }
  }

  /** Given back by core, and leased until nothing of their key runs here any more. */
  returned(): Iterable<GcpDelivery> {
    return this.#keys.returned();
  }

  /** For the end of the worker. */
  giveBackReturned(): void {
    this.giveBack([...this.#keys.returned()]);
    this.#keys.clear();
  }

  /** The lease stays; core gets a new delivery, unless the worker is closing. */
  #handAgain(delivery: GcpDelivery, attempt: number): undefined {
    delivery.settled = true;
    const next = delivery.again(attempt);
    delivery.source.held.set(next.native.message.messageId, next);
    setImmediate(() => {
      if (next.settled) return;
      if (this.#options.isStopping()) return this.#return(next);
      this.#options.sink.deliver(next);
      // Core waits for it, and so has to get it; but another worker may have it by now.
      if (next.leaseUntilMs <= this.#options.clock.monotonicNow()) this.#options.lost(next);
    });
  }

  /** Goes to the service together with all of its key, when nothing of it runs here any more. */
  #return(delivery: GcpDelivery): void {
    delivery.settled = true;
    this.#keys.giveBack(delivery.orderingKey as string, delivery);
    this.leave(delivery);
  }

  /** Sent all the same: the ack id names its own lease, so it may save a redelivery and harms nobody. But nothing proves that it did. */
  #lateAck(delivery: GcpDelivery): Promise<void> {
    delivery.lost = false;
    // What may come again is another attempt, also where only this worker counts.
    this.#options.attempts.failed(delivery);
    delivery.source.settles.ack(delivery.ackId).catch(() => {});
    return Promise.reject(lateSettle());
  }

  #done(delivery: GcpDelivery): void {
    this.forget(delivery);
    this.leave(delivery);
  }
}

function lateSettle(): PubSubError {
  return new PubSubError("LEASE_LOST", "the lease had run out before the settle: the message may be redelivered");
}
