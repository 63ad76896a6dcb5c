import {
  CLOSE_GRACE_MS,
  type DeliveryOwner,
  type DeliverySink,
  type DriverDelivery,
  type DriverSubscriber,
  HeldItems,
  ReceivingReports,
  type SubscriberOptions,
  type SubscriptionSpec,
  timeLeft,
} from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import { type AckSubject, parseAckSubject } from "./wire/ack-subject.ts";
import { decodeMessage, isForAnother } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { NatsDelivery } from "./delivery.ts";
import type { SubscriptionNames } from "./names.ts";
import { PullLoop, type PullTarget } from "./receive/pull-loop.ts";
import { SettledRing } from "./settle/settled-ring.ts";
import { leaseLost, Settler } from "./settle/settler.ts";

/** A worker on a subscription without order: it competes with all others. */
export class NatsSubscriber implements DriverSubscriber, DeliveryOwner<NatsDelivery>, PullTarget {
  readonly #connection: Connection;
  readonly #names: SubscriptionNames;
  readonly #sink: DeliverySink;
  readonly #maxOutstanding: number;
  readonly #settler: Settler;
  readonly #pulls: PullLoop;
  /** What core holds. */
  readonly #held = new HeldItems<NatsDelivery>();
  /** The highest place in the stream of what core was given. */
  #highest = 0;
  readonly #settled = new SettledRing();
  #stopping = false;

  constructor(
    connection: Connection,
    names: SubscriptionNames,
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
  ) {
    this.#connection = connection;
    this.#names = names;
    this.#sink = sink;
    this.#maxOutstanding = options.maxOutstanding;
    this.#settler = new Settler(connection, subscription.ackDeadlineMs, subscription.topic.exactlyOnce);
    this.#pulls = new PullLoop(connection, names, this, new ReceivingReports(sink));
  }

  start(): void {
    this.#pulls.start();
  }

  room(requested: number): number {
    return this.#maxOutstanding - this.#held.size - requested;
  }

  message(message: Msg, reply: string): void {
    const ack = parseAckSubject(reply);
    if (ack === undefined) return;
    const holding = this.#holding(ack);
    if (holding !== undefined) {
      // Its lease ran out, and the server gave it to this same worker again: go on with what is running.
      holding.ackSubject = reply;
      this.#settler.leased(holding);
      this.#pulls.refill();
      return;
    }
    const settled = this.#settled.find(ack);
    const metadata = decodeMessage(message);
    if (settled?.acked === true || isForAnother(metadata, this.#names)) {
      this.#connection.ack(reply);
      this.#pulls.refill();
      return;
    }
    const attempt = Math.max(ack.delivered, (settled?.attempt ?? 0) + 1);
    const delivery = new NatsDelivery(this, this.#names, message, ack, reply, metadata, attempt);
    this.#settler.leased(delivery);
    if (this.#stopping) {
      this.#settler.release(delivery);
      return;
    }
    this.#held.add(delivery);
    if (ack.streamSequence > this.#highest) this.#highest = ack.streamSequence;
    this.#sink.deliver(delivery);
  }

  ack(delivery: NatsDelivery): Promise<void> | undefined {
    if (!this.#letGo(delivery, true)) return leaseLost();
    return this.#settler.ack(delivery);
  }

  retry(delivery: NatsDelivery, delayMs: number): Promise<void> | undefined {
    if (!this.#letGo(delivery, false)) return leaseLost();
    this.#settler.nak(delivery, delayMs);
    return undefined;
  }

  release(delivery: NatsDelivery, leaseEnded: boolean): Promise<void> | undefined {
    // The server takes a nak from anybody who once had the message, and would send it out beside whoever has it now.
    if (!this.#letGo(delivery, false) || leaseEnded) return leaseLost();
    this.#settler.release(delivery);
    return undefined;
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    for (const delivery of deliveries) this.#settler.extend(delivery as NatsDelivery);
  }

  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#stopping = true;
    this.#settler.holdReleased();
    await this.#pulls.stop(timeoutMs);
    this.#settler.sendReleased();
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    const leftMs = timeLeft(this.#connection.context.clock, timeoutMs);
    await this.stop(timeoutMs);
    for (const delivery of this.#held.toArray()) {
      this.#held.delete(delivery);
      this.#settler.nak(delivery, 0);
    }
    this.#settler.sendReleased();
    await this.#connection.flush(leftMs());
    this.#settler.close();
  }

  /** The delivery of this message that core has not settled yet. */
  #holding({ streamSequence, timestampMs }: AckSubject): NatsDelivery | undefined {
    // Nearly every message is newer than all that came before.
    if (streamSequence > this.#highest) return undefined;
    return this.#held.find((held) => held.streamSequence === streamSequence && held.storedMs === timestampMs);
  }

  /** True when it was held. */
  #letGo(delivery: NatsDelivery, acked: boolean): boolean {
    const { streamSequence: sequence, storedMs, attempt } = delivery;
    if (!this.#held.delete(delivery)) return false;
    this.#settled.add(sequence, storedMs, attempt, acked && this.#settler.mayAck(delivery));
    this.#pulls.refill();
    return true;
  }
}
