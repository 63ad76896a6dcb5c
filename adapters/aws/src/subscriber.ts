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
import { AwsDelivery } from "./delivery.ts";
import { MAX_BATCH_ENTRIES } from "./limits.ts";
import { MessageGroups } from "./ordering/message-groups.ts";
import { isFifo, snsTopicName } from "./names.ts";
import { Receivers } from "./receive/receivers.ts";
import { SettleBatcher } from "./settle/settle-batcher.ts";
import type { UnstartedReceipts } from "./settle/unstarted-receipts.ts";
import type { Queue } from "./topology/queues.ts";
import { decodeMessage } from "./wire/decode-message.ts";

/** A lease is renewed when less than this share of it is left, and not on every call of `extend`: each request costs money. */
const RENEWAL_SHARE = 0.7;
/** After a failure of a message with followers, messages are received one by one: for its delay and this much longer, in ms. */
const SINGLY_EXTRA_MS = 10_000;

/**
 * One worker on a queue. A delivery is in `#held` from `deliver` until core has settled it or it is revoked.
 *
 * FIFO: one answer of SQS can have several messages of a group. SQS then delivers no other message of the group until all
 * of them are deleted or visible again. When the first one fails, its followers are released unstarted, and SQS redelivers
 * them after it.
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
  readonly #settles: SettleBatcher;
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
    this.#settles = new SettleBatcher(connection, queue);
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
    // When the delivery is lost already, its followers were taken back then, and the present ones are newer.
    const followed = delivery.state !== "lost";
    this.#groups.remove(delivery);
    if (!this.#settle(delivery)) {
      if (followed) this.#loseFollowers(delivery);
      return this.#lateDelete(delivery);
    }
    return this.#settles.delete(delivery).then(
      () => this.#unstarted.forget(delivery.native),
      (error: unknown) => {
        if (isLeaseLost(error)) this.#loseFollowers(delivery);
        throw error;
      },
    );
  }

  retry(delivery: AwsDelivery, delayMs: number): Promise<void> {
    const followers = this.#groups.cut(delivery);
    const own = this.#settle(delivery);
    const hidden = own ? this.#settles.hide(delivery, delayMs) : undefined;
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
    return this.#showUnstarted(delivery);
  }

  #receive(messages: readonly Message[]): void {
    const nowMs = this.#clock.monotonicNow();
    const groups = new Set<string>();
    // All of them before the first `deliver`: a handler may fail before it returns, and then its followers must be known.
    const deliveries = messages.map((message) => {
      const group = this.#fifo ? message.Attributes?.MessageGroupId : undefined;
      // A follower of an unsettled message cannot have been started before, however often it was received.
      const follows = group !== undefined && groups.has(group);
      if (group !== undefined) groups.add(group);
      const attempt = follows ? 1 : this.#unstarted.attemptOf(message);
      const decoded = decodeMessage(message, this.#topicName, this.#fifo, "queue");
      const delivery = new AwsDelivery(this, decoded, attempt, group, nowMs, nowMs + this.#leaseSeconds * 1000);
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
    for (const message of messages) {
      this.#unstarted.record(message, this.#unstarted.attemptOf(message));
      this.#settles.show(message, ignore);
    }
    await this.#settles.flush();
  }

  /** Core has settled the delivery. False when its lease is known to have ended. */
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
   * On a standard queue, a receipt whose lease has ended still deletes its message until somebody receives it again. On a
   * FIFO queue it never does. Only the answer of a FIFO queue is reliable: a standard queue accepts any receipt, and may
   * ignore it.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html (read 2026-11-26)
   */
  async #lateDelete(delivery: AwsDelivery): Promise<void> {
    const deleted = this.#settles.delete(delivery);
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
    // The 12 hours are nearly over: the lease expires.
    if ((delivery.leaseEndsAtMs - nowMs) / 1000 >= seconds) return;
    this.#settles.renew(delivery, seconds, () => {
      if (delivery.state === "held") this.#lose(delivery);
    });
  }

  #lose(delivery: AwsDelivery): void {
    const followers = this.#groups.cut(delivery);
    this.#revoke(delivery);
    for (const follower of followers) this.#takeBack(follower);
  }

  /** When a message may be redelivered, its followers must be redelivered after it. */
  #loseFollowers(delivery: AwsDelivery): void {
    if (delivery.group === undefined) return;
    for (const follower of this.#groups.take(delivery.group)) this.#takeBack(follower);
  }

  #takeBack(delivery: AwsDelivery): void {
    this.#revoke(delivery);
    this.#showUnstarted(delivery).catch(ignore);
  }

  /** Makes the message visible at once, and its receipt no attempt. */
  #showUnstarted(delivery: AwsDelivery): Promise<void> {
    this.#unstarted.record(delivery.native, delivery.attempt);
    return this.#settles.hide(delivery, 0);
  }

  #revoke(delivery: AwsDelivery): void {
    const known = delivery.state !== "received";
    delivery.state = "lost";
    // Core forgets it, also when its handler runs. A place that waited for its settle would never be free again.
    this.#held.delete(delivery);
    if (known) this.#sink.revoke(delivery);
    this.#receivers.pump();
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#receivers.stop();
    for (const delivery of this.#held) {
      this.release(delivery).catch(ignore);
    }
    await within(this.#clock, timeoutMs, this.#settles.flush());
  }
}

function isLeaseLost(error: unknown): boolean {
  return error instanceof PubSubError && error.code === "LEASE_LOST";
}

/** SQS redelivers the message when its lease ends. */
function ignore(): void {}
