import { type Clock, PubSubError, requireWithin, type TimerHandle } from "@anytopic/core/driver";
import type { AckSubject } from "../wire/ack-subject.ts";
import type { Connection } from "../connection.ts";
import { toPubSubError } from "../errors.ts";
import type { NatsDelivery } from "../delivery.ts";
import type { SubscriptionNames } from "../names.ts";
import type { WorkerSetup } from "../receive/delivery-reader.ts";
import { SteadyLeader } from "./steady-leader.ts";
import { UnsettledAccount } from "./unsettled-account.ts";

/** The worker that recovers. */
export interface Recovering {
  /** Every delivery that this worker has received and not settled. */
  inHand(): Iterable<NatsDelivery>;
  /** The consumer had delivered up to this place in the stream when this worker became active, perhaps to another one. Undefined until the first recovery knows it. */
  inheritedThrough: number | undefined;
  refill(): void;
  /** Begins a new recovery in place of this one. */
  recover(why: string): void;
  /** The consumer does not exist (`NOT_FOUND`); undefined: the server knows it. May be called again and again. */
  cannotRecover(error: PubSubError | undefined): void;
  /**
   * Called once: no unsettled message is elsewhere, and every delivery up to this one is accounted for. Those that the server has
   * forgotten will come again.
   */
  recovered(throughDelivery: number, isForgotten: (delivery: NatsDelivery) => boolean): void;
}

const POLL_MS = 250;
/** A question that went to a leader which has died is never answered, and the next one may go to its successor. */
const ANSWER_MS = 2000;
/** How long after the end of their leases the worker waits for unsettled messages, before it continues without them. */
const PATIENCE_MS = 30_000;
/** How late the server may redeliver. */
const LATE_MS = 1000;

/**
 * Finds out when one worker holds every message that the consumer has delivered and nobody has settled. Those of an
 * earlier active worker are redelivered when their lease ends, or at once when that worker gave them back. Newer messages
 * arrive too, and wait.
 */
export class Recovery {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #names: SubscriptionNames;
  readonly #recovering: Recovering;
  readonly #ackDeadlineMs: number;
  readonly #account = new UnsettledAccount();
  readonly #leader = new SteadyLeader();
  readonly #startedAt: number;
  /** When the server first said what is unsettled. */
  #knownSince: number | undefined;
  /** The last time when something was seen that another worker or a lost connection may have caused. */
  #quietSince: number;
  #looking = false;
  #ended = false;
  #timer: TimerHandle = undefined;

  constructor({ connection, names, spec }: WorkerSetup, recovering: Recovering) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#names = names;
    this.#ackDeadlineMs = spec.ackDeadlineMs;
    this.#recovering = recovering;
    this.#startedAt = this.#clock.monotonicNow();
    this.#quietSince = this.#startedAt;
  }

  /**
   * How many more messages may be requested. The server delivers redeliveries before new messages, but before they are due
   * it delivers new messages instead. At most `maxNew` of these are accepted. Then nothing is requested until everything
   * missing is certainly due.
   */
  room(maxNew: number): number {
    const { frontier, expected } = this.#account;
    if (frontier === undefined) return 0;
    let newer = 0;
    for (const { streamSequence } of this.#recovering.inHand()) if (streamSequence > frontier) newer++;
    if (newer < maxNew) return expected + maxNew - newer;
    return this.#clock.monotonicNow() - this.#startedAt > this.#ackDeadlineMs + LATE_MS ? expected : 0;
  }

  /** To be called for every delivery, also for one that is not kept. */
  received(ack: AckSubject): void {
    this.#account.received(ack);
  }

  /** This worker has acknowledged the delivery. */
  acked(consumerSequence: number, streamSequence: number): void {
    this.#account.acked(consumerSequence, streamSequence, this.#recovering.inheritedThrough);
  }

  /** To be called when something has arrived: compares with the server's count. */
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
      const mapped = toPubSubError(error, `consumer ${this.#names.consumer} of stream ${this.#names.stream}`);
      if (!this.#ended && mapped.code === "NOT_FOUND") this.#recovering.cannotRecover(mapped);
      return false;
    });
    this.#looking = false;
    if (this.#ended) return;
    if (complete || this.#isHopeless()) {
      this.end();
      this.#recovering.recovered(this.#account.through, (delivery) => this.#account.isForgotten(delivery));
      return;
    }
    this.#recovering.refill();
    this.#timer = this.#clock.setTimer(() => this.look(), POLL_MS);
  }

  async #isComplete(): Promise<boolean> {
    if (!this.#connection.connected) return false;
    // The server must have read all earlier settles, and all earlier deliveries must have arrived.
    await this.#connection.nc.flush();
    const { stream, consumer } = this.#names;
    const answer = this.#connection.jsm.consumers.info(stream, consumer);
    const late = (): PubSubError =>
      new PubSubError("TIMEOUT", `consumer ${consumer}: no answer within ${ANSWER_MS} ms`);
    const info = await requireWithin(this.#clock, ANSWER_MS, answer, late);
    if (this.#ended) return false;
    this.#recovering.cannotRecover(undefined);
    const nowMs = this.#clock.monotonicNow();
    const isBelieved = this.#leader.believes(info, nowMs);
    // What is counted is true of one leader only.
    if (isBelieved === false && this.#account.frontier !== undefined) {
      this.#recovering.recover("the consumer has another leader");
    }
    if (isBelieved !== true) return false;
    this.#knownSince ??= nowMs;
    const inheritedThrough = (this.#recovering.inheritedThrough ??= info.delivered.stream_seq);
    const disturbed = this.#account.compare(info, this.#recovering.inHand(), inheritedThrough);
    if (disturbed) this.#quietSince = nowMs;
    const { isComplete, isComplicated } = this.#account;
    return isComplete || (isComplicated && nowMs - this.#quietSince > this.#ackDeadlineMs + LATE_MS);
  }

  #isHopeless(): boolean {
    if (this.#knownSince === undefined) return false;
    if (this.#clock.monotonicNow() - this.#knownSince < 2 * this.#ackDeadlineMs + PATIENCE_MS) return false;
    const { stream, consumer } = this.#names;
    this.#connection.context.logger.error(
      { stream, consumer, code: "TIMEOUT" },
      `${this.#account.expected} unsettled messages were not redelivered: the worker continues without them, and their keys may be out of order`,
    );
    return true;
  }
}
