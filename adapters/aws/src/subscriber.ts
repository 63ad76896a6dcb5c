import type { Message } from "@aws-sdk/client-sqs";
import {
  type Clock,
  CLOSE_GRACE_MS,
  type DeliveryOwner,
  type DeliverySink,
  type DriverDelivery,
  type DriverSubscriber,
  PubSubError,
  type SubscriberOptions,
  type SubscriptionSpec,
  within,
} from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { decodeMessage } from "./wire/decode-message.ts";
import { AwsDelivery } from "./delivery.ts";
import { MAX_BATCH_ENTRIES } from "./limits.ts";
import { MessageGroups } from "./ordering/message-groups.ts";
import type { Queue } from "./topology/queue.ts";
import { Receivers } from "./receive/receivers.ts";
import { isFifo, snsTopicName } from "./names.ts";
import { Settlements } from "./settle/settlements.ts";
import type { UnstartedReceipts } from "./settle/unstarted-receipts.ts";

/** A lease is renewed when less than this share of it is left: not on every call of `extend`, since each is money. */
const RENEWAL_SHARE = 0.7;
/** After a key failed with followers in hand, messages are taken one by one for this much longer than its delay, in ms. */
const SINGLY_EXTRA_MS = 10_000;

/**
 * One worker on a queue. A delivery is in `#held` from `deliver` until core has settled it or it is revoked.
 *
 * FIFO: SQS hands out several messages of a group in one answer, and then none until all of them are deleted or visible
 * again. When the first one fails, those behind it go back unstarted and come again after it.
 */
export class AwsSubscriber implements DriverSubscriber, DeliveryOwner<AwsDelivery> {
  readonly #connection: Connection;
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #sink: DeliverySink;
  readonly #unstarted: UnstartedReceipts;
  readonly #topicName: string;
  readonly #fifo: boolean;
  readonly #leaseSeconds: number;
  readonly #maxOutstanding: number;
  readonly #held = new Set<AwsDelivery>();
  readonly #groups = new MessageGroups();
  readonly #settlements: Settlements;
  readonly #receivers: Receivers;
  #singlyUntilMs = 0;
  #closing: Promise<void> | undefined;

  constructor(
    connection: Connection,
    queue: Queue,
    subscription: SubscriptionSpec,
    sink: DeliverySink,
    options: SubscriberOptions,
    unstarted: UnstartedReceipts,
  ) {
    this.#connection = connection;
    this.#queue = queue;
    this.#clock = connection.context.clock;
    this.#sink = sink;
    this.#unstarted = unstarted;
    this.#topicName = snsTopicName(connection.options.prefix, subscription.topic);
    this.#fifo = isFifo(subscription.topic);
    this.#leaseSeconds = Math.ceil(subscription.ackDeadlineMs / 1000);
    this.#maxOutstanding = options.maxOutstanding;
    this.#settlements = new Settlements(connection, queue);
    this.#receivers = new Receivers(connection, queue, {
      fifo: this.#fifo,
      visibilitySeconds: this.#leaseSeconds,
      capacity: options.maxOutstanding,
      places: () => this.#maxOutstanding - this.#held.size,
      batchSize: () => (this.#clock.monotonicNow() < this.#singlyUntilMs ? 1 : MAX_BATCH_ENTRIES),
      received: (messages) => this.#receive(messages),
      late: (messages) => this.#returnLate(messages),
      failing: (error) => {
        this.#connection.failed(error);
        this.#sink.failing(error);
      },
      recovered: () => this.#sink.receiving(true),
    });
    sink.receiving(false);
    this.#receivers.pump();
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    const nowMs = this.#clock.monotonicNow();
    for (const delivery of deliveries) {
      if (!(delivery instanceof AwsDelivery) || delivery.state !== "held") continue;
      const leftMs = delivery.leaseEndsAtMs - nowMs;
      if (leftMs <= 0) this.#lose(delivery);
      else if (leftMs < RENEWAL_SHARE * this.#leaseSeconds * 1000) this.#renew(delivery, nowMs);
    }
  }

  stop(): Promise<void> {
    this.#receivers.stop();
    return Promise.resolve();
  }

  close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  ack(delivery: AwsDelivery): Promise<void> {
    // Of one that was taken from core before, those behind it were taken back then: these are newer.
    const followed = delivery.state !== "lost";
    this.#groups.remove(delivery);
    if (!this.#settle(delivery)) {
      if (followed) this.#loseFollowers(delivery);
      return this.#lateDelete(delivery);
    }
    const deleted = this.#settlements.delete(delivery);
    return deleted.then(
      () => this.#unstarted.forget(delivery.messageId),
      (error: unknown) => {
        if (isLeaseLost(error)) this.#loseFollowers(delivery);
        throw error;
      },
    );
  }

  retry(delivery: AwsDelivery, delayMs: number): Promise<void> {
    const followers = this.#groups.cut(delivery);
    const own = this.#settle(delivery);
    const hidden = own ? this.#settlements.hide(delivery, delayMs) : undefined;
    for (const follower of followers) this.#takeBack(follower);
    const nowMs = this.#clock.monotonicNow();
    if (followers.length > 0 || nowMs < this.#singlyUntilMs) {
      this.#singlyUntilMs = Math.max(this.#singlyUntilMs, nowMs + delayMs + SINGLY_EXTRA_MS);
    }
    return hidden ?? this.#lateSettle(delivery);
  }

  release(delivery: AwsDelivery): Promise<void> {
    this.#groups.remove(delivery);
    if (!this.#settle(delivery)) return this.#lateSettle(delivery);
    this.#unstarted.record(delivery.messageId, delivery.receiveCount, delivery.attempt);
    return this.#settlements.hide(delivery, 0);
  }

  #receive(messages: readonly Message[]): void {
    const nowMs = this.#clock.monotonicNow();
    const groups = new Set<string>();
    // All of them first: a handler may fail before its deliver returns, and those behind it must be known by then.
    const deliveries = messages.map((message) => {
      const receiveCount = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
      const messageId = message.MessageId ?? "";
      const group = this.#fifo ? message.Attributes?.MessageGroupId : undefined;
      // Behind an unsettled message of its group it cannot have been started before, however often it was received.
      const follows = group !== undefined && groups.has(group);
      if (group !== undefined) groups.add(group);
      const delivery = new AwsDelivery(this, decodeMessage(message, this.#topicName, this.#fifo, "queue"), {
        messageId,
        receipt: message.ReceiptHandle ?? "",
        receiveCount,
        attempt: follows ? 1 : this.#unstarted.attemptOf(messageId, receiveCount),
        group,
        receivedAtMs: nowMs,
        leaseEndsAtMs: nowMs + this.#leaseSeconds * 1000,
      });
      this.#held.add(delivery);
      this.#groups.add(delivery);
      return delivery;
    });
    for (const delivery of deliveries) {
      if (delivery.state !== "received") continue;
      delivery.state = "held";
      this.#sink.deliver(delivery);
    }
  }

  async #returnLate(messages: readonly Message[]): Promise<void> {
    for (const { MessageId, ReceiptHandle, Attributes } of messages) {
      const receiveCount = Number(Attributes?.ApproximateReceiveCount ?? 1);
      const messageId = MessageId ?? "";
      this.#unstarted.record(messageId, receiveCount, this.#unstarted.attemptOf(messageId, receiveCount));
      this.#settlements.show(ReceiptHandle ?? "", ignore);
    }
    await this.#settlements.flush();
  }

  /** Takes a delivery out of core's hands. False when its lease is known to have ended. */
  #settle(delivery: AwsDelivery): boolean {
    this.#held.delete(delivery);
    const own = delivery.state === "held" && this.#clock.monotonicNow() < delivery.leaseEndsAtMs;
    delivery.state = own ? "settling" : "lost";
    this.#receivers.pump();
    return own;
  }

  #lateSettle(delivery: AwsDelivery): Promise<never> {
    this.#loseFollowers(delivery);
    return Promise.reject(this.#leaseLost(delivery));
  }

  /**
   * A receipt whose lease has ended still deletes its message as long as nobody has received it again, on FIFO queues
   * never. Only there the answer says which: a standard queue takes any receipt, and may not act on it.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html (read 2026-11-26)
   */
  async #lateDelete(delivery: AwsDelivery): Promise<void> {
    const deleted = this.#settlements.delete(delivery);
    if (this.#fifo) {
      await deleted;
      return;
    }
    deleted.catch(ignore);
    throw this.#leaseLost(delivery);
  }

  #leaseLost({ id }: AwsDelivery): PubSubError {
    return new PubSubError(
      "LEASE_LOST",
      `the lease of message ${id} from queue ${this.#queue.name} ended before it was settled; it is or will be redelivered`,
    );
  }

  #renew(delivery: AwsDelivery, nowMs: number): void {
    const seconds = delivery.invisibleFor(this.#leaseSeconds, nowMs);
    // At the end of the 12 hours: let it run out.
    if ((delivery.leaseEndsAtMs - nowMs) / 1000 >= seconds) return;
    this.#settlements.renew(delivery, seconds, () => {
      if (delivery.state === "held") this.#lose(delivery);
    });
  }

  #lose(delivery: AwsDelivery): void {
    const followers = this.#groups.cut(delivery);
    this.#revoke(delivery);
    for (const follower of followers) this.#takeBack(follower);
  }

  /** When a message may come again, those behind it must come after it. */
  #loseFollowers(delivery: AwsDelivery): void {
    if (delivery.group === undefined) return;
    for (const follower of this.#groups.take(delivery.group)) this.#takeBack(follower);
  }

  #takeBack(delivery: AwsDelivery): void {
    this.#revoke(delivery);
    this.#unstarted.record(delivery.messageId, delivery.receiveCount, delivery.attempt);
    this.#settlements.hide(delivery, 0).catch(ignore);
  }

  #revoke(delivery: AwsDelivery): void {
    const known = delivery.state !== "received";
    delivery.state = "lost";
    // Core forgets it, whether its handler runs or not: a place that waited for a settle would be lost for good.
    this.#held.delete(delivery);
    if (known) this.#sink.revoke(delivery);
    this.#receivers.pump();
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#receivers.stop();
    for (const delivery of this.#held) {
      this.release(delivery).catch(ignore);
    }
    await within(this.#clock, timeoutMs, this.#settlements.flush());
  }
}

function isLeaseLost(error: unknown): boolean {
  return error instanceof PubSubError && error.code === "LEASE_LOST";
}

/** The message comes back by itself when its lease ends. */
function ignore(): void {}
