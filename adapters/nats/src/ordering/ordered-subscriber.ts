// Over 300 lines: leadership, intake and settling of one worker share their state; recovery, buffer and lease are files of their own.
import {
  type Clock,
  CLOSE_GRACE_MS,
  type DeliveryOwner,
  type DeliverySink,
  type DriverDelivery,
  type DriverSubscriber,
  ReceivingReports,
  type SubscriberOptions,
  type SubscriptionSpec,
  timeLeft,
  type TimerHandle,
} from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import { parseAckSubject } from "../wire/ack-subject.ts";
import { decodeMessage, isForAnother } from "../codec.ts";
import type { Connection, ConnectionListener } from "../connection.ts";
import type { Question } from "../dead-letters.ts";
import { NatsDelivery } from "../delivery.ts";
import { LeaderLease, type Candidate } from "./leader-lease.ts";
import type { SubscriptionNames } from "../names.ts";
import { OrderedBuffer } from "./ordered-buffer.ts";
import { PullLoop, type PullTarget, type WorkerPart } from "../receive/pull-loop.ts";
import { Recovery, type Recovering } from "./recovery.ts";
import type { ReplyInbox } from "../publish/reply-inbox.ts";
import { SettledRing } from "../settle/settled-ring.ts";
import { leaseLost, Settler } from "../settle/settler.ts";

/**
 * A worker on an ordered subscription. Of all workers one is active, elected by a `LeaderLease`; the others stand by.
 *
 * `standby` → `recovering` (active; collects every unsettled message before it hands out any) → `open`. Back to
 * `recovering` whenever a delivery may have gone elsewhere: after a reconnect, or when the consumer's own count of
 * deliveries has a gap. Back to `standby` when the lease is lost.
 */
export class OrderedSubscriber
  implements DriverSubscriber, DeliveryOwner<NatsDelivery>, PullTarget, Candidate, Recovering
{
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #names: SubscriptionNames;
  readonly #ackDeadlineMs: number;
  readonly #sink: DeliverySink;
  readonly #maxOutstanding: number;
  readonly #settler: Settler;
  readonly #lease: LeaderLease;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #listener: ConnectionListener;
  readonly #buffer = new OrderedBuffer();
  readonly #held = new Map<number, NatsDelivery>();
  readonly #settled = new SettledRing();
  #pulls: PullLoop | undefined;
  #recovery: Recovery | undefined;
  /** Every delivery of the consumer up to this one is accounted for. */
  #lastConsumerSequence = 0;
  /** What may have been in the hands of an active worker before this one; see `Recovering`. */
  #inheritedThrough: number | undefined;
  #stopping = false;
  #extendTimer: TimerHandle = undefined;
  #dueTimer: TimerHandle = undefined;

  constructor(
    connection: Connection,
    names: SubscriptionNames,
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
    asker: ReplyInbox<Question>,
  ) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#names = names;
    this.#ackDeadlineMs = subscription.ackDeadlineMs;
    this.#sink = sink;
    this.#maxOutstanding = options.maxOutstanding;
    this.#reports = new ReceivingReports(sink);
    this.#settler = new Settler(connection, subscription.ackDeadlineMs, subscription.topic.exactlyOnce);
    const { leaderStream: stream, leaderSubject: subject } = names;
    this.#lease = new LeaderLease(
      connection,
      { stream, subject, leaseMs: connection.options.leaderLeaseMs },
      asker,
      this,
      this.#reports,
    );
    this.#listener = {
      disconnected: (error) => this.#reports.failing("connection", error, true),
      reconnected: () => {
        this.#reports.receiving("connection");
        this.#recover();
      },
    };
  }

  async start(): Promise<void> {
    this.#connection.listen(this.#listener);
    try {
      await this.#lease.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#pulls === undefined) this.#sink.receiving(false);
  }

  // Leadership.

  won(): void {
    if (this.#stopping) return;
    this.#log("active worker of the ordered subscription");
    this.#inheritedThrough = undefined;
    this.#pulls = new PullLoop(this.#connection, this.#names, this, this.#reports);
    this.#recover();
    this.#pulls.start();
    this.#sink.receiving(false);
    this.#keepBuffered();
  }

  lost(): void {
    this.#log("no longer the active worker of the ordered subscription");
    this.#pulls?.abandon();
    this.#pulls = undefined;
    this.#reports.receiving("pulls");
    this.#recovery?.end();
    this.#recovery = undefined;
    for (const delivery of this.#buffer.clear()) this.#settler.nak(delivery, 0);
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const delivery of held) if (this.#sink.revoke(delivery)) this.#settler.nak(delivery, 0);
    this.#sink.revokeAll();
    this.#clearTimers();
  }

  #log(message: string): void {
    const { stream, consumer } = this.#names;
    this.#connection.context.logger.info({ stream, consumer }, message);
  }

  room(requested: number): number {
    if (this.#stopping || !this.#lease.holds) return 0;
    const { ready, awaited } = this.#buffer;
    if (this.#recovery !== undefined) return this.#recovery.room(this.#maxOutstanding) - requested;
    const room = this.#maxOutstanding - this.#held.size - ready - requested;
    // What was given back must be able to come again, however full it is here.
    return room <= 0 && requested === 0 ? awaited : room;
  }

  message(message: Msg, reply: string): void {
    const ack = parseAckSubject(reply);
    if (ack === undefined || !this.#lease.holds) return;
    const isNext = ack.consumerSequence === this.#lastConsumerSequence + 1;
    this.#lastConsumerSequence = ack.consumerSequence;
    if (!isNext && this.#recovery === undefined) this.#recover();
    this.#recovery?.received(ack);
    const holding = this.#held.get(ack.streamSequence);
    if (holding !== undefined && holding.storedMs === ack.timestampMs) {
      // Its lease ran out, and the server gave it to this same worker again: go on with what is running.
      holding.ackSubject = reply;
      holding.consumerSequence = ack.consumerSequence;
      this.#settler.leased(holding);
      this.#recovery?.look();
      this.#pulls?.refill();
      return;
    }
    const settled = this.#settled.find(ack);
    const metadata = decodeMessage(message);
    if (settled?.acked === true || isForAnother(metadata, this.#names)) {
      this.#connection.ack(reply);
      this.#recovery?.acked(ack.consumerSequence, ack.streamSequence);
      this.#recovery?.look();
      this.#pulls?.refill();
      return;
    }
    const attempt = Math.max(ack.delivered, (settled?.attempt ?? 0) + 1);
    const delivery = new NatsDelivery(this, this.#names, message, ack, reply, metadata, attempt);
    this.#settler.leased(delivery);
    if (this.#stopping) this.#settler.release(delivery);
    else this.#arrive(delivery);
  }

  #arrive(delivery: NatsDelivery): void {
    this.#buffer.arrived(delivery);
    if (this.#buffer.replace(delivery)) return;
    if (this.#recovery === undefined && this.#held.size < this.#maxOutstanding && this.#buffer.isFree(delivery)) {
      this.#deliver(delivery);
      return;
    }
    this.#buffer.add(delivery);
    if (this.#recovery === undefined) this.#drain();
    else this.#recovery.look();
  }

  #deliver(delivery: NatsDelivery): void {
    this.#held.set(delivery.streamSequence, delivery);
    this.#sink.deliver(delivery);
  }

  #drain(): void {
    if (this.#recovery !== undefined || this.#stopping || this.#buffer.size === 0) return;
    for (const delivery of this.#buffer.take(this.#maxOutstanding - this.#held.size, this.#clock.monotonicNow()))
      this.#deliver(delivery);
    const dueMs = this.#buffer.nextDueMs;
    this.#clock.clearTimer(this.#dueTimer);
    if (dueMs !== Number.POSITIVE_INFINITY) {
      this.#dueTimer = this.#clock.setTimer(() => this.#drain(), Math.max(1, dueMs - this.#clock.monotonicNow()));
    }
    this.#pulls?.refill();
  }

  /** Hands out nothing until everything unsettled is in this worker's hands. */
  #recover(): void {
    if (this.#pulls === undefined || this.#stopping) return;
    this.#recovery?.end();
    this.#recovery = new Recovery(this.#connection, this.#names, this.#ackDeadlineMs, this);
    this.#recovery.look();
  }

  *inHand(): Generator<NatsDelivery> {
    yield* this.#held.values();
    yield* this.#buffer.deliveries;
  }

  get inheritedThrough(): number | undefined {
    return this.#inheritedThrough;
  }

  inherits(throughSequence: number): void {
    this.#inheritedThrough = throughSequence;
  }

  refill(): void {
    this.#pulls?.refill();
  }

  recovered(throughDelivery: number): void {
    this.#recovery = undefined;
    this.#lastConsumerSequence = throughDelivery;
    this.#buffer.allArrived();
    this.#drain();
    this.#pulls?.refill();
  }

  // Settling.

  ack(delivery: NatsDelivery): Promise<void> | undefined {
    if (!this.#letGo(delivery, true)) return leaseLost();
    this.#recovery?.acked(delivery.consumerSequence, delivery.streamSequence);
    const confirmation = this.#settler.ack(delivery);
    this.#afterSettle();
    return confirmation;
  }

  retry(delivery: NatsDelivery, delayMs: number): Promise<void> | undefined {
    if (!this.#letGo(delivery, false)) return leaseLost();
    // Given back at once, so that the server counts the attempt and a successor has it when this worker dies.
    const nowMs = this.#clock.monotonicNow();
    this.#buffer.await(delivery, nowMs, nowMs + delayMs);
    this.#settler.nak(delivery, 0);
    this.#afterSettle();
    return undefined;
  }

  release(delivery: NatsDelivery, leaseEnded: boolean): Promise<void> | undefined {
    if (!this.#letGo(delivery, false)) return leaseLost();
    this.#buffer.await(delivery, this.#clock.monotonicNow(), 0);
    // The server takes a nak from anybody who once had the message, and would send it out beside whoever has it now.
    if (!leaseEnded) this.#settler.release(delivery);
    this.#afterSettle();
    return leaseEnded ? leaseLost() : undefined;
  }

  #letGo(delivery: NatsDelivery, acked: boolean): boolean {
    const { streamSequence: sequence, storedMs, attempt } = delivery;
    if (!this.#lease.keeps() || this.#held.get(sequence) !== delivery) return false;
    this.#held.delete(sequence);
    this.#settled.add(sequence, storedMs, attempt, acked && this.#settler.mayAck(delivery));
    return true;
  }

  #afterSettle(): void {
    if (this.#buffer.size > 0) this.#drain();
    this.#pulls?.refill();
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    if (!this.#lease.holds) return;
    for (const delivery of deliveries) this.#settler.extend(delivery as NatsDelivery);
  }

  /** Core renews what it holds; the rest is ours. */
  #keepBuffered(): void {
    this.#extendTimer = this.#clock.setTimer(() => {
      if (this.#lease.holds) for (const delivery of this.#buffer.deliveries) this.#settler.extend(delivery);
      this.#missAwaited();
      this.#keepBuffered();
    }, this.#ackDeadlineMs / 3);
  }

  /**
   * The server ignores what is given back when a late ack of a former active worker has settled it. It does not come
   * then, and whether anything is missing is for the recovery to find out.
   */
  #missAwaited(): void {
    if (this.#recovery !== undefined) return;
    const nowMs = this.#clock.monotonicNow();
    if (nowMs - this.#buffer.awaitedSinceMs > 2 * this.#ackDeadlineMs) this.#recover();
  }

  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#stopping = true;
    this.#settler.holdReleased();
    this.#recovery?.end();
    this.#recovery = undefined;
    await this.#pulls?.stop(timeoutMs);
    for (const delivery of this.#buffer.clear()) this.#settler.nak(delivery, 0);
    this.#settler.sendReleased();
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    const leftMs = timeLeft(this.#clock, timeoutMs);
    await this.stop(timeoutMs);
    for (const delivery of this.#held.values()) this.#settler.nak(delivery, 0);
    this.#held.clear();
    this.#settler.sendReleased();
    this.#clearTimers();
    this.#connection.unlisten(this.#listener);
    await this.#connection.flush(leftMs());
    // Only now: the next worker must find everything settled or given back.
    await this.#lease.release(leftMs());
    this.#settler.close();
  }

  #clearTimers(): void {
    this.#clock.clearTimer(this.#extendTimer);
    this.#clock.clearTimer(this.#dueTimer);
  }
}
