import { type Clock, pause, PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { type Attempted, Status, statusOf, toPubSubError } from "../errors.ts";
import { failedAckIds } from "./failed-ack-ids.ts";
import { MAX_ACK_IDS } from "../limits.ts";
import type { CallOptions, Channel } from "../connection/rpc.ts";

/** One request's worth of deliveries that share an outcome, and its promise: none is made per message. */
class Batch {
  readonly ackIds: string[] = [];
  readonly settled: Promise<void>;
  /** By the monotonic clock. */
  readonly retryUntilMs: number;
  resolve!: () => void;
  reject!: (error: PubSubError) => void;

  constructor(retryUntilMs: number) {
    this.retryUntilMs = retryUntilMs;
    this.settled = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Not everybody who settles listens.
    this.settled.catch(() => {});
  }
}

export interface SettleQueueOptions {
  readonly connection: Connection;
  readonly channel: Channel;
  /** `projects/p/subscriptions/s`. */
  readonly subscription: string;
  /** Acks are confirmed one by one: a failed one must not fail its neighbours, nor be thought done. */
  readonly exactlyOnce: boolean;
}

/** How long a settle is tried while the connection is away, in ms: acks and deadlines may be repeated safely. */
const SETTLE_TIMEOUT_MS = 5000;
const RETRY_PAUSE_MS = 100;
/** Requests under way; past it, what comes is gathered for the next. */
const MAX_CALLS = 4;

/**
 * Acks and deadlines of one subscription, gathered without a timer: what is settled in one turn of the event loop goes
 * together, and while `MAX_CALLS` requests are under way, everything waits for the next one to return.
 */
export class SettleQueue {
  readonly #options: SettleQueueOptions;
  readonly #clock: Clock;
  readonly #callOptions: CallOptions;
  readonly #attempted: Attempted;
  readonly #singles = new Map<string, Batch>();
  readonly #deadlines = new Map<number, Batch>();
  #acks: Batch | undefined;
  #scheduled = false;
  #calls = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: SettleQueueOptions) {
    const { connection, subscription } = options;
    this.#options = options;
    this.#clock = connection.context.clock;
    this.#callOptions = {
      metadata: connection.metadata("subscription", subscription, true),
      deadlineMs: SETTLE_TIMEOUT_MS,
    };
    this.#attempted = {
      verb: "settle messages of",
      resource: `subscription ${subscription}`,
      role: "roles/pubsub.subscriber",
    };
  }

  /** Resolves when the service has the ack. */
  ack(ackId: string): Promise<void> {
    if (this.#acks !== undefined && this.#acks.ackIds.length >= MAX_ACK_IDS) this.#startAcks();
    const batch = (this.#acks ??= new Batch(this.#clock.monotonicNow() + SETTLE_TIMEOUT_MS));
    batch.ackIds.push(ackId);
    this.#schedule();
    if (!this.#options.exactlyOnce) return batch.settled;
    const single = new Batch(0);
    this.#singles.set(ackId, single);
    return single.settled;
  }

  /** Sets the time from now after which the message is redelivered; 0 for at once. */
  deadline(ackIds: readonly string[], seconds: number): Promise<void> {
    let batch = this.#deadlines.get(seconds);
    if (batch === undefined) {
      batch = new Batch(this.#clock.monotonicNow() + SETTLE_TIMEOUT_MS);
      this.#deadlines.set(seconds, batch);
    }
    for (const ackId of ackIds) batch.ackIds.push(ackId);
    this.#schedule();
    return batch.settled;
  }

  /** Resolves when everything was answered or has failed, after about 5 s at the latest. */
  async flush(): Promise<void> {
    this.#start();
    if (this.#calls === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
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
      if (this.#again(error, batch, () => this.#sendAcks(batch, ackIds))) return;
      const undecided = this.#settleAcks(batch, ackIds, error);
      if (undecided.length === 0) this.#returned();
      else void this.#later(() => this.#sendAcks(batch, undecided));
    });
  }

  /** Returns those that the service wants to be sent again: for one, an ack that overtook its predecessor's under an ordering key. */
  #settleAcks(batch: Batch, ackIds: readonly string[], error: unknown): readonly string[] {
    if (error === null || error === undefined) batch.resolve();
    else batch.reject(this.#reason(error));
    const undecided: string[] = [];
    if (!this.#options.exactlyOnce) return undecided;
    const failed = failedAckIds(error);
    const mayRepeat = this.#clock.monotonicNow() <= batch.retryUntilMs;
    for (const ackId of ackIds) {
      const failure = failed?.get(ackId);
      if (failure === "transient" && mayRepeat) {
        undecided.push(ackId);
        continue;
      }
      const single = this.#singles.get(ackId);
      this.#singles.delete(ackId);
      if (failure === "permanent") single?.reject(leaseLost(error));
      else if (failure === "transient") single?.reject(unconfirmed(error));
      else if (failed === undefined && error) single?.reject(this.#reason(error));
      else single?.resolve();
    }
    return undecided;
  }

  #sendDeadline(ackDeadlineSeconds: number, batch: Batch, ackIds: readonly string[], last: boolean): void {
    const { channel, connection, subscription } = this.#options;
    const request = { subscription, ackIds, ackDeadlineSeconds };
    this.#calls += 1;
    channel.call(connection.methods.modifyAckDeadline, request, this.#callOptions, (error) => {
      if (this.#again(error, batch, () => this.#sendDeadline(ackDeadlineSeconds, batch, ackIds, last))) return;
      if (error !== null && error !== undefined) batch.reject(this.#reason(error));
      else if (last) batch.resolve();
      this.#returned();
    });
  }

  /** Repeats what a lost connection broke off, while there is time. */
  #again(error: unknown, batch: Batch, repeat: () => void): boolean {
    if (statusOf(error) !== Status.UNAVAILABLE || this.#clock.monotonicNow() > batch.retryUntilMs) return false;
    void this.#later(repeat);
    return true;
  }

  /** Still counts as under way meanwhile. */
  async #later(repeat: () => void): Promise<void> {
    await pause(this.#clock, RETRY_PAUSE_MS);
    this.#calls -= 1;
    repeat();
  }

  #returned(): void {
    this.#calls -= 1;
    if (this.#acks !== undefined || this.#deadlines.size > 0) this.#start();
    if (this.#calls > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** Whether it happened is unknown after a timeout, so it counts as not settled. */
  #reason(error: unknown): PubSubError {
    if (failedAckIds(error) !== undefined) return leaseLost(error);
    const reason = toPubSubError(error, this.#attempted);
    if (reason.code !== "TIMEOUT") return reason;
    return new PubSubError("UNAVAILABLE", reason.message, { cause: error });
  }
}

function leaseLost(cause: unknown): PubSubError {
  return new PubSubError("LEASE_LOST", "the lease had run out: the message is or will be redelivered", { cause });
}

function unconfirmed(cause: unknown): PubSubError {
  return new PubSubError("UNAVAILABLE", "the service could not confirm the settle: the message may come again", {
    cause,
  });
}
