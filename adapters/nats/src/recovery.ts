import { PubSubError, type TimerHandle } from "@anytopic/core/driver";
import type { ConsumerInfo } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import type { NatsDelivery } from "./delivery.ts";
import type { PullSource } from "./pull-loop.ts";

/** The worker that recovers. */
export interface Recovering {
  /** Everything received and not settled. */
  inHand(): readonly NatsDelivery[];
  refill(): void;
  /** Called once: nothing unsettled is anywhere else. */
  recovered(): void;
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
  readonly #source: PullSource;
  readonly #recovering: Recovering;
  readonly #ackDeadlineMs: number;
  readonly #startedAt: number;
  /** The last place in the stream delivered to anybody when the recovery began. */
  #frontier: number | undefined;
  #missing = 0;
  #looking = false;
  #ended = false;
  #timer: TimerHandle = undefined;

  constructor(connection: Connection, source: PullSource, ackDeadlineMs: number, recovering: Recovering) {
    this.#connection = connection;
    this.#source = source;
    this.#ackDeadlineMs = ackDeadlineMs;
    this.#recovering = recovering;
    this.#startedAt = this.#now();
  }

  /**
   * How many messages may be asked for and in hand, besides those in hand now. The server gives out what it redelivers
   * before what is new, but what is not due yet it cannot give: new messages take its place. Those are limited to
   * `maxNew`, and then nothing is asked for until everything missing is certainly due.
   */
  room(maxNew: number): number {
    const frontier = this.#frontier;
    if (frontier === undefined) return 0;
    let newer = 0;
    for (const { streamSequence } of this.#recovering.inHand()) if (streamSequence > frontier) newer++;
    if (newer < maxNew) return this.#missing + maxNew - newer;
    return this.#now() - this.#startedAt > this.#ackDeadlineMs + LATE_MS ? this.#missing : 0;
  }

  /** Something arrived: compares with the server's count. */
  look(): void {
    if (this.#looking || this.#ended) return;
    this.#looking = true;
    this.#connection.context.clock.clearTimer(this.#timer);
    void this.#compare();
  }

  #now(): number {
    return this.#connection.context.clock.monotonicNow();
  }

  end(): void {
    this.#ended = true;
    this.#connection.context.clock.clearTimer(this.#timer);
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
      this.#recovering.recovered();
      return;
    }
    this.#recovering.refill();
    this.#timer = this.#connection.context.clock.setTimer(() => this.look(), POLL_MS);
  }

  async #isComplete(): Promise<boolean> {
    if (!this.#connection.connected) return false;
    // What was settled before must be counted as settled, and what was delivered before must be here.
    await this.#connection.nc.flush();
    const info = await this.#connection.jsm.consumers.info(this.#source.stream, this.#source.consumer);
    this.#frontier ??= info.delivered.stream_seq;
    this.#missing = Math.max(0, info.num_ack_pending - this.#countedIn(info));
    return this.#missing === 0;
  }

  /** How many of the messages in hand were delivered before the server made this count. */
  #countedIn(info: ConsumerInfo): number {
    let count = 0;
    for (const { consumerSequence } of this.#recovering.inHand())
      if (consumerSequence <= info.delivered.consumer_seq) count++;
    return count;
  }

  #isHopeless(): boolean {
    if (this.#now() - this.#startedAt < 2 * this.#ackDeadlineMs + PATIENCE_MS) return false;
    const error = new PubSubError("TIMEOUT", `${this.#missing} unsettled messages did not come back`);
    this.#connection.context.logger.error(
      { ...this.#source, code: error.code },
      `${error.message}: going on without them, their keys may be out of order`,
    );
    return true;
  }
}
