import { type Clock, pause, PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { Status, statusOf, toPubSubError } from "../errors.ts";
import { failedAckIds } from "./failed-ack-ids.ts";
import { MAX_ACK_IDS } from "../limits.ts";
import type { CallOptions, Channel } from "../connection/rpc.ts";

/** The deliveries of one request, which share an outcome and a promise: none is made per message. */
interface Batch {
  readonly ackIds: string[];
  readonly confirmation: PromiseWithResolvers<void>;
  /** By the monotonic clock. */
  readonly retryUntilMs: number;
}

export interface SettleQueueOptions {
  readonly connection: Connection;
  readonly channel: Channel;
  /** `projects/p/subscriptions/s`. */
  readonly subscription: string;
  /** Acks are confirmed one by one: a failed ack must not fail its neighbours, and must not count as done. */
  readonly exactlyOnce: boolean;
}

/** How long a settle is repeated while the connection is lost, in ms. Repeating acks and deadlines is safe. */
const SETTLE_TIMEOUT_MS = 5000;
const RETRY_PAUSE_MS = 100;
/** Pending requests. While there are so many, settles are gathered for the next. */
const MAX_CALLS = 4;

/**
 * Gathers acks and deadlines of one subscription into requests, without a timer: one request carries what is settled in one
 * turn of the event loop. While `MAX_CALLS` requests are pending, everything waits until one of them is answered.
 */
export class SettleQueue {
  readonly #options: SettleQueueOptions;
  readonly #clock: Clock;
  readonly #callOptions: CallOptions;
  /** Of acks that are confirmed one by one. */
  readonly #confirmations = new Map<string, PromiseWithResolvers<void>>();
  readonly #deadlines = new Map<number, Batch>();
  #acks: Batch | undefined;
  #scheduled = false;
  #calls = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: SettleQueueOptions) {
    const { connection, subscription } = options;
    this.#options = options;
    this.#clock = connection.context.clock;
    const resource = `subscription ${subscription}`;
    this.#callOptions = {
      metadata: connection.metadata("subscription", subscription, true),
      deadlineMs: SETTLE_TIMEOUT_MS,
      attempted: { verb: "settle messages of", resource, role: "roles/pubsub.subscriber" },
    };
  }

  /** Resolves when the service has the ack. */
  ack(ackId: string): Promise<void> {
    if (this.#acks !== undefined && this.#acks.ackIds.length >= MAX_ACK_IDS) this.#startAcks();
    const batch = (this.#acks ??= this.#newBatch());
    batch.ackIds.push(ackId);
    this.#schedule();
    if (!this.#options.exactlyOnce) return batch.confirmation.promise;
    const confirmation = newConfirmation();
    this.#confirmations.set(ackId, confirmation);
    return confirmation.promise;
  }

  /** Sets the time from now after which the message is redelivered. 0: at once. */
  deadline(ackIds: readonly string[], seconds: number): Promise<void> {
    const batch = this.#deadlines.get(seconds) ?? this.#newBatch();
    this.#deadlines.set(seconds, batch);
    for (const ackId of ackIds) batch.ackIds.push(ackId);
    this.#schedule();
    return batch.confirmation.promise;
  }

  /** Resolves when everything was confirmed or has failed, after about 5 s at the latest. */
  async flush(): Promise<void> {
    this.#start();
    if (this.#calls === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #newBatch(): Batch {
    const retryUntilMs = this.#clock.monotonicNow() + SETTLE_TIMEOUT_MS;
    return { ackIds: [], confirmation: newConfirmation(), retryUntilMs };
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#calls < MAX_CALLS) this.#start();
    });
  }

  #start(): void {
    this.#startAcks();
    for (const [seconds, batch] of this.#deadlines) {
      for (let start = 0; start < batch.ackIds.length; start += MAX_ACK_IDS) {
        const last = start + MAX_ACK_IDS >= batch.ackIds.length;
        this.#sendDeadline(seconds, batch, batch.ackIds.slice(start, start + MAX_ACK_IDS), last);
      }
    }
    this.#deadlines.clear();
  }

  #startAcks(): void {
    const batch = this.#acks;
    this.#acks = undefined;
    if (batch !== undefined) this.#sendAcks(batch, batch.ackIds);
  }

  #sendAcks(batch: Batch, ackIds: readonly string[]): void {
    const { channel, connection, subscription } = this.#options;
    this.#calls += 1;
    channel.call(connection.methods.acknowledge, { subscription, ackIds }, this.#callOptions, (error) => {
      if (this.#retried(error, batch, () => this.#sendAcks(batch, ackIds))) return;
      const undecided = this.#settleAcks(batch, ackIds, error);
      if (undecided.length === 0) this.#answered();
      else void this.#later(() => this.#sendAcks(batch, undecided));
    });
  }

  /** Returns the acks that must be sent again: for example one that overtook the ack of its predecessor under an ordering key. */
  #settleAcks(batch: Batch, ackIds: readonly string[], error: unknown): readonly string[] {
    if (error) batch.confirmation.reject(this.#reason(error));
    else batch.confirmation.resolve();
    const undecided: string[] = [];
    if (!this.#options.exactlyOnce) return undecided;
    const failed = failedAckIds(error);
    const mayRetry = this.#clock.monotonicNow() <= batch.retryUntilMs;
    for (const ackId of ackIds) {
      const failure = failed?.get(ackId);
      if (failure === "transient" && mayRetry) {
        undecided.push(ackId);
        continue;
      }
      const confirmation = this.#confirmations.get(ackId);
      this.#confirmations.delete(ackId);
      if (failure === "permanent") confirmation?.reject(leaseLost(error));
      else if (failure === "transient") confirmation?.reject(unconfirmed(error));
      else if (failed === undefined && error) confirmation?.reject(this.#reason(error));
      else confirmation?.resolve();
    }
    return undecided;
  }

  #sendDeadline(ackDeadlineSeconds: number, batch: Batch, ackIds: readonly string[], last: boolean): void {
    const { channel, connection, subscription } = this.#options;
    const request = { subscription, ackIds, ackDeadlineSeconds };
    this.#calls += 1;
    channel.call(connection.methods.modifyAckDeadline, request, this.#callOptions, (error) => {
      if (this.#retried(error, batch, () => this.#sendDeadline(ackDeadlineSeconds, batch, ackIds, last))) return;
      if (error) batch.confirmation.reject(this.#reason(error));
      else if (last) batch.confirmation.resolve();
      this.#answered();
    });
  }

  /** Retries a request that failed with the connection, while there is time. */
  #retried(error: unknown, batch: Batch, retry: () => void): boolean {
    if (statusOf(error) !== Status.UNAVAILABLE || this.#clock.monotonicNow() > batch.retryUntilMs) return false;
    void this.#later(retry);
    return true;
  }

  /** The request counts as pending meanwhile. */
  async #later(retry: () => void): Promise<void> {
    await pause(this.#clock, RETRY_PAUSE_MS);
    this.#calls -= 1;
    retry();
  }

  #answered(): void {
    this.#calls -= 1;
    if (this.#acks !== undefined || this.#deadlines.size > 0) this.#start();
    if (this.#calls > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** After a timeout it is not known whether the settle happened, so it counts as not settled. */
  #reason(error: unknown): PubSubError {
    if (failedAckIds(error) !== undefined) return leaseLost(error);
    const reason = toPubSubError(error, this.#callOptions.attempted);
    if (reason.code !== "TIMEOUT") return reason;
    return new PubSubError("UNAVAILABLE", reason.message, { cause: error });
  }
}

function newConfirmation(): PromiseWithResolvers<void> {
  const confirmation = Promise.withResolvers<void>();
  // A caller may ignore it.
  confirmation.promise.catch(() => {});
  return confirmation;
}

function leaseLost(cause: unknown): PubSubError {
  return new PubSubError("LEASE_LOST", "the lease had expired: the message was or will be redelivered", { cause });
}

function unconfirmed(cause: unknown): PubSubError {
  const text = "the service could not confirm the ack: the message may be redelivered";
  return new PubSubError("UNAVAILABLE", text, { cause });
}
