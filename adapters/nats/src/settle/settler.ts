import { type Clock, PubSubError } from "@anytopic/core/driver";
import { ACK } from "./ack-writer.ts";
import type { Connection } from "../connection.ts";
import type { NatsDelivery } from "../delivery.ts";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import { ReplyInbox } from "../publish/reply-inbox.ts";

const NAK = Buffer.from("-NAK");
const IN_PROGRESS = Buffer.from("+WPI");
/** How long to wait for the confirmation of an ack. */
const CONFIRM_TIMEOUT_MS = 5000;

interface Confirmation {
  resolve(): void;
  reject(error: PubSubError): void;
}

/** Settles deliveries of one worker: plain publishes to the ack subject, with a reply where a confirmation is asked for. */
export class Settler {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #ackDeadlineMs: number;
  readonly #confirmations: ReplyInbox<Confirmation> | undefined;
  readonly #released: NatsDelivery[] = [];
  #holdsReleased = false;

  /** @param confirmed acks wait for the server, and are refused once the lease may have run out (exactly-once) */
  constructor(connection: Connection, ackDeadlineMs: number, confirmed: boolean) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#ackDeadlineMs = ackDeadlineMs;
    if (!confirmed) return;
    this.#confirmations = new ReplyInbox(connection, {
      replied: (entry, reply) => {
        if (reply.headers?.code === 503)
          entry.reject(new PubSubError("LEASE_LOST", "the subscription no longer exists"));
        else entry.resolve();
      },
      lost: (entry, error) =>
        entry.reject(new PubSubError("UNAVAILABLE", "the ack was not confirmed", { cause: error })),
    });
  }

  /** Notes the start of a lease. */
  leased(delivery: NatsDelivery): void {
    if (this.#confirmations === undefined) return;
    delivery.leaseUntilMs = this.#clock.monotonicNow() + this.#ackDeadlineMs;
  }

  /** Whether the delivery is certainly still this worker's, where that matters. */
  mayAck(delivery: NatsDelivery): boolean {
    return this.#confirmations === undefined || this.#clock.monotonicNow() < delivery.leaseUntilMs;
  }

  ack(delivery: NatsDelivery): Promise<void> | undefined {
    if (this.#confirmations === undefined) {
      this.#connection.ack(delivery.ackSubject);
      return undefined;
    }
    if (!this.mayAck(delivery)) return leaseLost();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = new PubSubError("UNAVAILABLE", `the ack was not confirmed within ${CONFIRM_TIMEOUT_MS / 1000} s`);
    const timer = this.#clock.setTimer(() => reject(late), CONFIRM_TIMEOUT_MS);
    this.#confirmations.ask(delivery.ackSubject, ACK, undefined, {
      resolve: () => {
        this.#clock.clearTimer(timer);
        resolve();
      },
      reject: (error) => {
        this.#clock.clearTimer(timer);
        reject(error);
      },
    });
    return promise;
  }

  nak(delivery: NatsDelivery, delayMs: number): void {
    // The lease was renewed at most a third of it ago.
    this.#connection.settle(delivery.ackSubject, delayMs > 0 ? delayedNak(delayMs) : NAK, this.#ackDeadlineMs / 2);
  }

  /**
   * Gives back what was not started, at the end of this turn, or after `sendReleased` when `holdReleased` comes first: a
   * worker that ends must have withdrawn its requests before, or the server would answer one of them with this message
   * while it goes, and the message would wait for the end of its lease.
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

  /** Renews the lease. Useless while disconnected, so not kept for later. */
  extend(delivery: NatsDelivery): void {
    if (!this.#connection.connected) return;
    this.#connection.nc.publish(delivery.ackSubject, IN_PROGRESS);
    this.leased(delivery);
  }

  close(): void {
    this.#confirmations?.close();
  }
}

export function leaseLost(): Promise<never> {
  return Promise.reject(new PubSubError("LEASE_LOST", "the message no longer belongs to this worker"));
}

function delayedNak(delayMs: number): Uint8Array {
  return Buffer.from(`-NAK {"delay":${Math.ceil(delayMs) * NANOSECONDS_PER_MS}}`);
}
