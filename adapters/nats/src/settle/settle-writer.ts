import { type Clock, PubSubError, requireWithin } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import type { NatsDelivery } from "../delivery.ts";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import { ReplyInbox } from "../publish/reply-inbox.ts";
import { ACK_PAYLOAD } from "./ack-writer.ts";

export const NAK_PAYLOAD: Uint8Array = Buffer.from("-NAK");
const IN_PROGRESS_PAYLOAD = Buffer.from("+WPI");
/** How long to wait for the confirmation of an ack. */
const CONFIRM_TIMEOUT_MS = 5000;
const AGAIN_MS = 500;

type Confirmations = ReplyInbox<PromiseWithResolvers<void>>;

/** Writes the settles of one worker: publishes to the ack subject, with a reply subject where acks are confirmed. */
export class SettleWriter {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #ackDeadlineMs: number;
  readonly #confirmations: Confirmations | undefined;
  readonly #released: NatsDelivery[] = [];
  #holdsReleased = false;
  #isClosed = false;

  /** @param confirmed acks wait for the server, and are refused once the lease may have expired (exactly-once) */
  constructor(connection: Connection, ackDeadlineMs: number, confirmed: boolean) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#ackDeadlineMs = ackDeadlineMs;
    if (!confirmed) return;
    this.#confirmations = new ReplyInbox(connection, {
      replied: ({ resolve, reject }, reply) => (reply.headers?.code === 503 ? reject(this.#unread()) : resolve()),
      lost: ({ reject }, cause) => reject(new PubSubError("UNAVAILABLE", "the ack was not confirmed", { cause })),
    });
  }

  /** To be called at the start of a lease. */
  leased(delivery: NatsDelivery): void {
    if (this.#confirmations === undefined) return;
    delivery.leaseUntilMs = this.#clock.monotonicNow() + this.#ackDeadlineMs;
  }

  /** Whether an ack is allowed: where acks are confirmed, only while the lease certainly lasts. */
  mayAck(delivery: NatsDelivery): boolean {
    return this.#confirmations === undefined || this.#clock.monotonicNow() < delivery.leaseUntilMs;
  }

  ack(delivery: NatsDelivery): Promise<void> | undefined {
    if (this.#confirmations === undefined) {
      this.#connection.settles.ack(delivery.ackSubject);
      return undefined;
    }
    if (!this.mayAck(delivery)) return Promise.reject(leaseLost());
    return this.#isClustered
      ? this.#confirmedByLeader(this.#confirmations, delivery)
      : this.#confirmed(this.#confirmations, delivery);
  }

  #confirmed(confirmations: Confirmations, delivery: NatsDelivery): Promise<void> {
    const confirmation = Promise.withResolvers<void>();
    confirmations.ask(delivery.ackSubject, ACK_PAYLOAD, undefined, confirmation);
    return requireWithin(this.#clock, CONFIRM_TIMEOUT_MS, confirmation.promise, notConfirmed);
  }

  /** While the cluster elects a leader for the consumer nobody reads acks: asks again as long as the lease certainly lasts. */
  async #confirmedByLeader(confirmations: Confirmations, delivery: NatsDelivery): Promise<void> {
    const untilMs = delivery.leaseUntilMs;
    for (;;) {
      try {
        return await this.#confirmed(confirmations, delivery);
      } catch (error) {
        if (!this.#mayAskAgain(untilMs)) throw error;
      }
      await new Promise<void>((resolve) => void this.#clock.setTimer(resolve, AGAIN_MS));
      if (this.#isClosed) throw notConfirmed();
    }
  }

  #mayAskAgain(untilMs: number): boolean {
    return !this.#isClosed && this.#connection.connected && this.#clock.monotonicNow() + AGAIN_MS < untilMs;
  }

  get #isClustered(): boolean {
    return this.#connection.nc.info?.cluster !== undefined;
  }

  #unread(): PubSubError {
    return this.#isClustered
      ? new PubSubError("UNAVAILABLE", "the consumer has no leader at the moment, which would read the ack")
      : new PubSubError("LEASE_LOST", "the subscription no longer exists");
  }

  nak(delivery: NatsDelivery, delayMs: number): void {
    const payload =
      delayMs > 0 ? Buffer.from(`-NAK {"delay":${Math.ceil(delayMs) * NANOSECONDS_PER_MS}}`) : NAK_PAYLOAD;
    // The lease was renewed at most a third of it ago.
    this.#connection.settles.send(delivery.ackSubject, payload, this.#ackDeadlineMs / 2);
  }

  /**
   * Gives back a message that was not started, at the end of this turn. After `holdReleased` it waits for `sendReleased`: a
   * worker that closes first cancels its pull requests. Otherwise the server would answer one of them with this message,
   * which would then wait for the end of its lease.
   */
  release(delivery: NatsDelivery): void {
    this.#released.push(delivery);
    if (this.#released.length > 1) return;
    queueMicrotask(() => {
      if (!this.#holdsReleased) this.sendReleased();
    });
  }

  holdReleased(): void {
    this.#holdsReleased = true;
  }

  sendReleased(): void {
    this.#holdsReleased = false;
    for (const delivery of this.#released.splice(0)) this.nak(delivery, 0);
  }

  /** Renews the lease. Not kept while disconnected: it would be too late after the reconnect. */
  extend(delivery: NatsDelivery): void {
    if (!this.#connection.connected) return;
    this.#connection.nc.publish(delivery.ackSubject, IN_PROGRESS_PAYLOAD);
    this.leased(delivery);
  }

  close(): void {
    this.#isClosed = true;
    this.#confirmations?.close();
  }
}

export function leaseLost(): PubSubError {
  return new PubSubError("LEASE_LOST", "the message no longer belongs to this worker");
}

function notConfirmed(): PubSubError {
  return new PubSubError("UNAVAILABLE", `the ack was not confirmed within ${CONFIRM_TIMEOUT_MS / 1000} s`);
}
