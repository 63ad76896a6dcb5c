import {
  CLOSE_GRACE_MS,
  type DeliveryOwner,
  type DriverDelivery,
  type DriverSubscriber,
  HeldItems,
  ReceivingReports,
  timeLeft,
} from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import type { NatsDelivery } from "./delivery.ts";
import { DeliveryReader, type WorkerSetup } from "./receive/delivery-reader.ts";
import { PullLoop, type PullTarget } from "./receive/pull-loop.ts";
import { leaseLost, type SettleWriter } from "./settle/settle-writer.ts";
import { type AckSubject, parseAckSubject } from "./wire/ack-subject.ts";

/** A worker on a subscription without order: it competes with all others. */
export class NatsSubscriber implements DriverSubscriber, DeliveryOwner<NatsDelivery>, PullTarget {
  readonly #setup: WorkerSetup;
  readonly #reader: DeliveryReader;
  readonly #settles: SettleWriter;
  readonly #pulls: PullLoop;
  /** The deliveries in core's hands. */
  readonly #held = new HeldItems<NatsDelivery>();
  /** The highest place in the stream that was delivered to core. */
  #highest = 0;
  #stopping = false;

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
    this.#reader = new DeliveryReader(setup);
    this.#settles = this.#reader.settles;
    this.#pulls = new PullLoop(setup.connection, setup.names, this, new ReceivingReports(setup.sink));
    this.#pulls.start();
  }

  room(requested: number): number {
    return this.#setup.maxOutstanding - this.#held.size - requested;
  }

  message(message: Msg, reply: string): void {
    const ack = parseAckSubject(reply);
    if (ack === undefined) return;
    const holding = this.#holding(ack);
    const delivery = holding === undefined ? this.#reader.read(this, message, ack, reply) : undefined;
    if (holding !== undefined) this.#reader.redelivered(holding, ack, reply);
    if (delivery === undefined) {
      this.#pulls.refill();
      return;
    }
    if (this.#stopping) {
      this.#settles.release(delivery);
      return;
    }
    this.#held.add(delivery);
    if (ack.streamSequence > this.#highest) this.#highest = ack.streamSequence;
    this.#setup.sink.deliver(delivery);
  }

  ack(delivery: NatsDelivery): Promise<void> | undefined {
    return this.#letGo(delivery, true) ? this.#settles.ack(delivery) : Promise.reject(leaseLost());
  }

  retry(delivery: NatsDelivery, delayMs: number): Promise<void> | undefined {
    if (!this.#letGo(delivery, false)) return Promise.reject(leaseLost());
    this.#settles.nak(delivery, delayMs);
    return undefined;
  }

  release(delivery: NatsDelivery, leaseEnded: boolean): Promise<void> | undefined {
    // The server accepts a nak from every earlier holder, and would redeliver the message although another worker has it.
    if (!this.#letGo(delivery, false) || leaseEnded) return Promise.reject(leaseLost());
    this.#settles.release(delivery);
    return undefined;
  }

  overdueMs(): number {
    return this.#pulls.overdueMs();
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    for (const delivery of deliveries) this.#settles.extend(delivery as NatsDelivery);
  }

  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#stopping = true;
    this.#settles.holdReleased();
    await this.#pulls.stop(timeoutMs);
    this.#settles.sendReleased();
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    const { connection } = this.#setup;
    const leftMs = timeLeft(connection.context.clock, timeoutMs);
    await this.stop(timeoutMs);
    for (const delivery of this.#held.toArray()) {
      this.#held.delete(delivery);
      this.#settles.nak(delivery, 0);
    }
    this.#settles.sendReleased();
    await connection.flush(leftMs());
    this.#settles.close();
  }

  /** The delivery of this message that core has not settled yet. */
  #holding({ streamSequence, timestampMs }: AckSubject): NatsDelivery | undefined {
    // Nearly every message is newer than all earlier ones.
    if (streamSequence > this.#highest) return undefined;
    return this.#held.find((held) => held.streamSequence === streamSequence && held.storedMs === timestampMs);
  }

  /** True when it was held. */
  #letGo(delivery: NatsDelivery, acked: boolean): boolean {
    if (!this.#held.delete(delivery)) return false;
    this.#reader.settled(delivery, acked);
    this.#pulls.refill();
    return true;
  }
}
