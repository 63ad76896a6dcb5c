import type { Message } from "@aws-sdk/client-sqs";
import { type Clock, type DeliveryOwner, type DeliverySink, PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import type { AwsDelivery } from "../delivery.ts";
import { MessageGroups } from "../ordering/message-groups.ts";
import type { Queue } from "../topology/queues.ts";
import { SettleBatcher } from "./settle-batcher.ts";
import type { UnstartedReceipts } from "./unstarted-receipts.ts";

/** A lease is renewed when less than this share of it is left, and not on every call of `extend`: each request costs money. */
const RENEWAL_SHARE = 0.7;
/** After a failure of a message with followers, messages are received one by one: for its delay and this much longer, in ms. */
const SINGLY_EXTRA_MS = 10_000;

export interface SettlementsOptions {
  readonly sink: DeliverySink;
  readonly unstarted: UnstartedReceipts;
  readonly fifo: boolean;
  readonly leaseSeconds: number;
  /** A place became free. */
  readonly freed: () => void;
}

/**
 * How the deliveries of one worker end. A delivery is held from its receipt until core has settled it or it is revoked.
 *
 * FIFO: one answer of SQS can have several messages of a group. SQS then delivers no other message of the group until all
 * of them are deleted or visible again. When the first one fails, its followers are released unstarted, and SQS redelivers
 * them after it.
 */
export class Settlements implements DeliveryOwner<AwsDelivery> {
  readonly #options: SettlementsOptions;
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #held = new Set<AwsDelivery>();
  readonly #groups = new MessageGroups();
  readonly #batcher: SettleBatcher;
  #singlyUntilMs = 0;

  constructor(connection: Connection, queue: Queue, options: SettlementsOptions) {
    this.#options = options;
    this.#queue = queue;
    this.#clock = connection.context.clock;
    this.#batcher = new SettleBatcher(connection, queue);
  }

  get heldCount(): number {
    return this.#held.size;
  }

  /** Whether messages should be received one by one. */
  get singly(): boolean {
    return this.#clock.monotonicNow() < this.#singlyUntilMs;
  }

  hold(delivery: AwsDelivery): void {
    this.#held.add(delivery);
    this.#groups.add(delivery);
  }

  ack(delivery: AwsDelivery): Promise<void> {
    // When the delivery is lost already, its followers were taken back then, and the present ones are newer.
    const followed = delivery.state !== "lost";
    this.#groups.remove(delivery);
    if (!this.#settle(delivery)) {
      if (followed) this.#loseFollowers(delivery);
      return this.#lateDelete(delivery);
    }
    return this.#batcher.delete(delivery).then(
      () => this.#options.unstarted.forget(delivery.native),
      (error: unknown) => {
        if (error instanceof PubSubError && error.code === "LEASE_LOST") this.#loseFollowers(delivery);
        throw error;
      },
    );
  }

  retry(delivery: AwsDelivery, delayMs: number): Promise<void> {
    const followers = this.#groups.cut(delivery);
    const own = this.#settle(delivery);
    const hidden = own ? this.#batcher.hide(delivery, delayMs) : undefined;
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

  /** Renews the lease, or loses the delivery when its lease has ended. */
  extend(delivery: AwsDelivery): void {
    if (delivery.state !== "held") return;
    const { leaseSeconds } = this.#options;
    const nowMs = this.#clock.monotonicNow();
    const leftMs = delivery.leaseEndsAtMs - nowMs;
    if (leftMs <= 0) return this.#lose(delivery);
    if (leftMs >= RENEWAL_SHARE * leaseSeconds * 1000) return;
    const seconds = delivery.invisibleFor(leaseSeconds, nowMs);
    // The 12 hours are nearly over: the lease expires.
    if (leftMs / 1000 >= seconds) return;
    this.#batcher.renew(delivery, seconds, () => {
      if (delivery.state === "held") this.#lose(delivery);
    });
  }

  /** Releases messages that never became deliveries. */
  async releaseReceived(messages: readonly Message[]): Promise<void> {
    const { unstarted } = this.#options;
    for (const message of messages) {
      unstarted.record(message, unstarted.attemptOf(message));
      this.#batcher.show(message, ignore);
    }
    await this.#batcher.flush();
  }

  /** Releases what is held, and resolves when all settles were answered. */
  async close(): Promise<void> {
    for (const delivery of this.#held) this.release(delivery).catch(ignore);
    await this.#batcher.flush();
  }

  /** Core has settled the delivery. False when its lease is known to have ended. */
  #settle(delivery: AwsDelivery): boolean {
    this.#held.delete(delivery);
    const own = delivery.state === "held" && this.#clock.monotonicNow() < delivery.leaseEndsAtMs;
    delivery.state = own ? "settling" : "lost";
    this.#options.freed();
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
    const deleted = this.#batcher.delete(delivery);
    if (this.#options.fifo) {
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
    this.#options.unstarted.record(delivery.native, delivery.attempt);
    return this.#batcher.hide(delivery, 0);
  }

  #revoke(delivery: AwsDelivery): void {
    const known = delivery.state !== "received";
    delivery.state = "lost";
    // Core forgets it, also when its handler runs. A place that waited for its settle would never be free again.
    this.#held.delete(delivery);
    if (known) this.#options.sink.revoke(delivery);
    this.#options.freed();
  }
}

/** SQS redelivers the message when its lease ends. */
function ignore(): void {}
