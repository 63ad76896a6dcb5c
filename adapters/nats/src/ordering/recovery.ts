import { type Clock, PubSubError, type TimerHandle } from "@anytopic/core/driver";
import type { AckSubject } from "../wire/ack-subject.ts";
import type { Connection } from "../connection.ts";
import type { NatsDelivery } from "../delivery.ts";
import type { PullSource } from "../receive/pull-loop.ts";
import { UnsettledAccount } from "./unsettled-account.ts";

/** The worker that recovers. */
export interface Recovering {
  /** Everything received and not settled. */
  inHand(): Iterable<NatsDelivery>;
  /** Places in the stream up to here may have been in the hands of another active worker. Undefined: not yet known. */
  readonly inheritedThrough: number | undefined;
  /** Tells what was not known: everything that the consumer had delivered when this worker became active. */
  inherits(throughSequence: number): void;
  refill(): void;
  /** Called once: nothing unsettled is anywhere else, and every delivery up to this one is accounted for. */
  recovered(throughDelivery: number): void;
}

const POLL_MS = 250;
/** How long past their lease unsettled messages may take to come, before the worker goes on without them. */
const PATIENCE_MS = 30_000;
/** By how much the server may be late in redelivering. */
const LATE_MS = 1000;

/**
 * Finds out when one worker holds every message that the consumer has delivered and nobody has settled: those of its
 * predecessor come when their lease ends, or at once when it gave them back. Newer messages come too, and wait.
 */
export class Recovery {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #source: PullSource;
  readonly #recovering: Recovering;
  readonly #ackDeadlineMs: number;
  readonly #account = new UnsettledAccount();
  readonly #startedAt: number;
  /** Since when nothing has been seen that another worker, or a lost connection, may have done. */
  #quietSince: number;
  #looking = false;
  #ended = false;
  #timer: TimerHandle = undefined;

  constructor(connection: Connection, source: PullSource, ackDeadlineMs: number, recovering: Recovering) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#source = source;
    this.#ackDeadlineMs = ackDeadlineMs;
    this.#recovering = recovering;
    this.#startedAt = this.#clock.monotonicNow();
    this.#quietSince = this.#startedAt;
  }

  /**
   * How many messages may be asked for and in hand, besides those in hand now. The server gives out what it redelivers
   * before what is new, but what is not due yet it cannot give: new messages take its place. Those are limited to
   * `maxNew`, and then nothing is asked for until everything missing is certainly due.
   */
  room(maxNew: number): number {
    const { frontier, expected } = this.#account;
    if (frontier === undefined) return 0;
    let newer = 0;
    for (const { streamSequence } of this.#recovering.inHand()) if (streamSequence > frontier) newer++;
    if (newer < maxNew) return expected + maxNew - newer;
    return this.#clock.monotonicNow() - this.#startedAt > this.#ackDeadlineMs + LATE_MS ? expected : 0;
  }

  /** Called for every delivery, also one that is not kept. */
  received(ack: AckSubject): void {
    this.#account.received(ack);
  }

  /** This worker has acknowledged the delivery. */
  acked(consumerSequence: number, streamSequence: number): void {
    this.#account.acked(consumerSequence, streamSequence, this.#recovering.inheritedThrough);
  }

  /** Something arrived: compares with the server's count. */
  look(): void {
    if (this.#looking || this.#ended) return;
    this.#looking = true;
    this.#clock.clearTimer(this.#timer);
    void this.#compare();
  }

  end(): void {
    this.#ended = true;
    this.#clock.clearTimer(this.#timer);
  }

  async #compare(): Promise<void> {
    const complete = await this.#isComplete().catch((error: unknown) => {
      this.#connection.context.logger.debug({ error }, "cannot read the consumer's state, trying again");
      return false;
    });
    this.#looking = false;
    if (this.#ended) return;
    if (complete || this.#isHopeless()) {
      this.end();
      this.#recovering.recovered(this.#account.through);
      return;
    }
    this.#recovering.refill();
    this.#timer = this.#clock.setTimer(() => this.look(), POLL_MS);
  }

  async #isComplete(): Promise<boolean> {
    if (!this.#connection.connected) return false;
    // What was settled before must be counted as settled, and what was delivered before must be here.
    await this.#connection.nc.flush();
    const info = await this.#connection.jsm.consumers.info(this.#source.stream, this.#source.consumer);
    if (this.#ended) return false;
    if (this.#recovering.inheritedThrough === undefined) this.#recovering.inherits(info.delivered.stream_seq);
    const disturbed = this.#account.compare(info, this.#recovering.inHand(), this.#recovering.inheritedThrough ?? 0);
    if (disturbed) this.#quietSince = this.#clock.monotonicNow();
    const { isComplete, isComplicated } = this.#account;
    return (
      isComplete || (isComplicated && this.#clock.monotonicNow() - this.#quietSince > this.#ackDeadlineMs + LATE_MS)
    );
  }

  #isHopeless(): boolean {
    if (this.#clock.monotonicNow() - this.#startedAt < 2 * this.#ackDeadlineMs + PATIENCE_MS) return false;
    const error = new PubSubError("TIMEOUT", `${this.#account.expected} unsettled messages did not come back`);
    this.#connection.context.logger.error(
      { ...this.#source, code: error.code },
      `${error.message}: going on without them, their keys may be out of order`,
    );
    return true;
  }
}
