import type { Clock, DeliveryOwner, PubSubError, ReceivingReports, TimerHandle } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import type { NatsDelivery } from "../delivery.ts";
import type { DeliveryReader, WorkerSetup } from "../receive/delivery-reader.ts";
import { PullLoop, type PullTarget, type WorkerPart } from "../receive/pull-loop.ts";
import { leaseLost, type SettleWriter } from "../settle/settle-writer.ts";
import { parseAckSubject } from "../wire/ack-subject.ts";
import type { LeaderLease } from "./leader-lease.ts";
import { OrderedBuffer } from "./ordered-buffer.ts";
import { type Recovering, Recovery } from "./recovery.ts";

/** Whether buffered messages are being delivered, and whether there may be more to deliver afterwards. */
type Draining = "no" | "once" | "again";

/**
 * The one worker that receives the messages of an ordered subscription, as long as it holds the lease.
 *
 * It first recovers: it collects every unsettled message before it delivers any. Then it is open. It recovers again
 * whenever a delivery may have gone elsewhere: after a reconnect, or when the consumer's own count of deliveries has a gap.
 */
export class ActiveWorker implements DeliveryOwner<NatsDelivery>, PullTarget, Recovering {
  inheritedThrough: number | undefined;
  readonly #setup: WorkerSetup;
  readonly #clock: Clock;
  readonly #reader: DeliveryReader;
  readonly #settles: SettleWriter;
  readonly #lease: LeaderLease;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #pulls: PullLoop;
  readonly #buffer = new OrderedBuffer();
  /** The deliveries in core's hands. */
  readonly #held = new Map<number, NatsDelivery>();
  /** Undefined while open. */
  #recovery: Recovery | undefined;
  /** Every delivery of the consumer up to this one is accounted for. */
  #lastConsumerSequence = 0;
  #stopping = false;
  #isAbandoned = false;
  #draining: Draining = "no";
  #extendTimer: TimerHandle = undefined;
  #dueTimer: TimerHandle = undefined;

  constructor(setup: WorkerSetup, reader: DeliveryReader, lease: LeaderLease, reports: ReceivingReports<WorkerPart>) {
    this.#setup = setup;
    this.#clock = setup.connection.context.clock;
    this.#reader = reader;
    this.#settles = reader.settles;
    this.#lease = lease;
    this.#reports = reports;
    this.#pulls = new PullLoop(setup.connection, setup.names, this, reports);
  }

  start(): void {
    this.recover("it has become active");
    this.#pulls.start();
    this.#setup.sink.receiving(false);
    this.#keepBuffered();
  }

  /** The lease is lost: another worker may be active. Everything is given back. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#pulls.abandon();
    this.#reports.receiving("pulls");
    this.#endRecovery();
    this.#giveBack(this.#buffer.clear());
    const { sink } = this.#setup;
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const delivery of held) if (sink.revoke(delivery)) this.#settles.nak(delivery, 0);
    sink.revokeAll();
    this.#clearTimers();
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#settles.holdReleased();
    this.#endRecovery();
    await this.#pulls.stop(timeoutMs);
    this.#giveBack(this.#buffer.clear());
    this.#settles.sendReleased();
  }

  /** After `stop`. */
  close(): void {
    this.#giveBack(this.#held.values());
    this.#held.clear();
    this.#settles.sendReleased();
    this.#clearTimers();
  }

  overdueMs(): number {
    return this.#pulls.overdueMs();
  }

  room(requested: number): number {
    if (this.#stopping || !this.#lease.holds) return 0;
    const { maxOutstanding } = this.#setup;
    if (this.#recovery !== undefined) return this.#recovery.room(maxOutstanding) - requested;
    const room = maxOutstanding - this.#held.size - this.#buffer.ready - requested;
    // However full this worker is, it must be able to receive again what it has given back.
    return room <= 0 && requested === 0 ? this.#buffer.awaited : room;
  }

  message(message: Msg, reply: string): void {
    const ack = parseAckSubject(reply);
    if (ack === undefined || !this.#lease.holds) return;
    const isNext = ack.consumerSequence === this.#lastConsumerSequence + 1;
    const last = this.#lastConsumerSequence;
    this.#lastConsumerSequence = ack.consumerSequence;
    if (!isNext && this.#recovery === undefined) {
      this.recover(`delivery ${ack.consumerSequence} came after ${last}`);
    }
    this.#recovery?.received(ack);
    const holding = this.#held.get(ack.streamSequence);
    if (holding !== undefined && holding.storedMs === ack.timestampMs) {
      this.#reader.redelivered(holding, ack, reply);
      this.#kept();
      return;
    }
    const delivery = this.#reader.read(this, message, ack, reply);
    if (delivery === undefined) {
      this.#recovery?.acked(ack.consumerSequence, ack.streamSequence);
      this.#kept();
    } else if (this.#stopping) this.#settles.release(delivery);
    else this.#arrive(delivery);
  }

  /** A message has arrived that adds no delivery. */
  #kept(): void {
    this.#recovery?.look();
    this.#pulls.refill();
  }

  #arrive(delivery: NatsDelivery): void {
    this.#buffer.arrived(delivery);
    if (this.#buffer.replace(delivery)) return;
    if (this.#recovery === undefined && this.#held.size < this.#setup.maxOutstanding && this.#buffer.isFree(delivery)) {
      this.#deliver(delivery);
      return;
    }
    this.#buffer.add(delivery);
    if (this.#recovery === undefined) this.#drain();
    else this.#recovery.look();
  }

  #deliver(delivery: NatsDelivery): void {
    this.#held.set(delivery.streamSequence, delivery);
    this.#setup.sink.deliver(delivery);
  }

  #drain(): void {
    if (this.#draining !== "no") {
      this.#draining = "again";
      return;
    }
    if (this.#recovery !== undefined || this.#stopping || this.#buffer.size === 0) return;
    // Core may settle a message while it is delivered, for instance one whose success it remembers. What there is room for then comes after the others.
    do {
      this.#draining = "once";
      this.#deliverBuffered();
    } while ((this.#draining as Draining) === "again");
    this.#draining = "no";
    const dueMs = this.#buffer.nextDueMs;
    this.#clock.clearTimer(this.#dueTimer);
    if (dueMs !== Number.POSITIVE_INFINITY) {
      this.#dueTimer = this.#clock.setTimer(() => this.#drain(), Math.max(1, dueMs - this.#clock.monotonicNow()));
    }
    this.#pulls.refill();
  }

  #deliverBuffered(): void {
    const room = this.#setup.maxOutstanding - this.#held.size;
    for (const delivery of this.#buffer.take(room, this.#clock.monotonicNow())) {
      if (this.#isAbandoned) this.#settles.nak(delivery, 0);
      else this.#deliver(delivery);
    }
  }

  // Recovery.

  /** Delivers nothing until this worker has received everything unsettled. `why` is for the log. */
  recover(why: string): void {
    if (this.#stopping) return;
    this.#endRecovery();
    this.#log(`looks for unsettled messages: ${why}`);
    this.#recovery = new Recovery(this.#setup, this);
    this.#recovery.look();
  }

  #endRecovery(): void {
    this.#recovery?.end();
    this.#recovery = undefined;
    this.#reports.receiving("recovery");
  }

  /** The consumer is gone, or is there again. While this worker recovers, it may have no request open that would tell. */
  cannotRecover(error: PubSubError | undefined): void {
    if (error === undefined) this.#reports.receiving("recovery");
    else this.#reports.failing("recovery", error, false);
  }

  *inHand(): Generator<NatsDelivery> {
    yield* this.#held.values();
    yield* this.#buffer.deliveries;
  }

  refill(): void {
    this.#pulls.refill();
  }

  recovered(throughDelivery: number, isForgotten: (delivery: NatsDelivery) => boolean): void {
    this.#endRecovery();
    this.#log(`has every unsettled message up to delivery ${throughDelivery}`);
    this.#lastConsumerSequence = throughDelivery;
    this.#buffer.forget(isForgotten);
    this.#buffer.allArrived();
    this.#drain();
    this.#pulls.refill();
  }

  // Settling.

  ack(delivery: NatsDelivery): Promise<void> | undefined {
    if (!this.#letGo(delivery, true)) return Promise.reject(leaseLost());
    this.#recovery?.acked(delivery.consumerSequence, delivery.streamSequence);
    const confirmation = this.#settles.ack(delivery);
    this.#afterSettle();
    return confirmation;
  }

  retry(delivery: NatsDelivery, delayMs: number): Promise<void> | undefined {
    if (!this.#letGo(delivery, false)) return Promise.reject(leaseLost());
    // Given back at once, so that the server counts the attempt, and another worker receives it if this one dies.
    const nowMs = this.#clock.monotonicNow();
    this.#buffer.await(delivery, nowMs, nowMs + delayMs);
    this.#settles.nak(delivery, 0);
    this.#afterSettle();
    return undefined;
  }

  release(delivery: NatsDelivery, leaseEnded: boolean): Promise<void> | undefined {
    if (!this.#letGo(delivery, false)) return Promise.reject(leaseLost());
    this.#buffer.await(delivery, this.#clock.monotonicNow(), 0);
    // The server accepts a nak from every earlier holder, and would redeliver the message although another worker has it.
    if (!leaseEnded) this.#settles.release(delivery);
    this.#afterSettle();
    return leaseEnded ? Promise.reject(leaseLost()) : undefined;
  }

  #letGo(delivery: NatsDelivery, acked: boolean): boolean {
    if (!this.#lease.keeps() || this.#held.get(delivery.streamSequence) !== delivery) return false;
    this.#held.delete(delivery.streamSequence);
    this.#reader.settled(delivery, acked);
    return true;
  }

  #afterSettle(): void {
    if (this.#buffer.size > 0) this.#drain();
    this.#pulls.refill();
  }

  #giveBack(deliveries: Iterable<NatsDelivery>): void {
    for (const delivery of deliveries) this.#settles.nak(delivery, 0);
  }

  /** Renews the buffered deliveries; core renews its own. */
  #keepBuffered(): void {
    const { ackDeadlineMs } = this.#setup.spec;
    this.#extendTimer = this.#clock.setTimer(() => {
      if (this.#lease.holds) for (const delivery of this.#buffer.deliveries) this.#settles.extend(delivery);
      // The server ignores a nak after a late ack of an earlier active worker. Then the message is not redelivered, and the
      // recovery finds out whether anything is missing.
      const awaitedMs = this.#clock.monotonicNow() - this.#buffer.awaitedSinceMs;
      if (this.#recovery === undefined && awaitedMs > 2 * ackDeadlineMs)
        this.recover(`it awaits a message for ${awaitedMs} ms`);
      this.#keepBuffered();
    }, ackDeadlineMs / 3);
  }

  #log(message: string): void {
    const { stream, consumer } = this.#setup.names;
    this.#setup.connection.context.logger.debug({ stream, consumer }, `the active worker ${message}`);
  }

  #clearTimers(): void {
    this.#clock.clearTimer(this.#extendTimer);
    this.#clock.clearTimer(this.#dueTimer);
  }
}
