import { randomUUID } from "node:crypto";
import {
  type Clock,
  PubSubError,
  type ReceivingReports,
  requireWithin,
  type TimerHandle,
  within,
} from "@anytopic/core/driver";
import type { Subscription } from "@nats-io/nats-core";
import type { Connection } from "../connection.ts";
import { ErrCode, toPubSubError } from "../errors.ts";
import type { SubscriptionNames } from "../names.ts";
import type { Asker } from "../publish/asker.ts";
import { pubAckError, readPubAck, sequenceOf } from "../publish/puback.ts";
import type { WorkerPart } from "../receive/pull-loop.ts";

/** The worker that stands for election. */
export interface Candidate {
  won(): void;
  /** From now on no earlier delivery may be settled or extended. */
  lost(): void;
}

type State = "standby" | "leading" | "stopped";

const RELEASED = new Uint8Array(0);
const RELEASE_TIMEOUT_MS = 2000;
const TAKEN: ReadonlySet<number> = new Set([ErrCode.WRONG_LAST_SEQUENCE, ErrCode.WRONG_LAST_SEQUENCE_CONSTANT]);

/**
 * Elects one of several workers: the author of the last message on a subject leads. It writes again every third of the
 * lease. A worker that sees no new message for a whole lease writes its own. Every write names the sequence of the message
 * that it replaces (`Nats-Expected-Last-Subject-Sequence`), so only one of several writes succeeds. No two clocks are
 * compared: the leader counts from before its write, the others from after they have seen it.
 */
export class LeaderLease {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #names: SubscriptionNames;
  readonly #leaseMs: number;
  readonly #asker: Asker;
  readonly #candidate: Candidate;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #what: string;
  readonly #self = randomUUID();
  #state: State = "standby";
  #subscription: Subscription | undefined;
  #timer: TimerHandle = undefined;
  #expiryTimer: TimerHandle = undefined;
  /** The sequence of the last message that this worker knows, and since when it knows it. */
  #sequence = 0;
  #seenAt = 0;
  #holdsUntil = 0;
  #busy = false;

  constructor(
    connection: Connection,
    names: SubscriptionNames,
    asker: Asker,
    candidate: Candidate,
    reports: ReceivingReports<WorkerPart>,
  ) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#names = names;
    this.#leaseMs = connection.options.leaderLeaseMs;
    this.#asker = asker;
    this.#candidate = candidate;
    this.#reports = reports;
    this.#what = `leader election on stream ${names.leaderStream}`;
  }

  /** Whether this worker certainly leads now. */
  get holds(): boolean {
    return this.#state === "leading" && this.#clock.monotonicNow() < this.#holdsUntil;
  }

  /** As `holds`. A lease that has expired is lost now, although its timer has not fired yet. */
  keeps(): boolean {
    if (this.holds) return true;
    if (this.#state === "leading") this.#lose();
    return false;
  }

  /** Resolves after the first attempt; rejects when the stream does not exist, or does not answer. */
  async start(): Promise<void> {
    this.#subscription = this.#connection.nc.subscribe(this.#names.leaderSubject, {
      callback: (error, message) => {
        if (error !== null) this.#fail(error);
        // The leader has closed: no need to wait for the end of its lease.
        else if (message.data.length === 0 && this.#state === "standby") void this.#step();
      },
    });
    try {
      await this.#attempt();
    } catch (error) {
      throw toPubSubError(error, this.#what);
    }
    this.#schedule();
  }

  /** Ends the lease, so that another worker takes over at once. Resolves within `timeoutMs`. */
  async release(timeoutMs: number): Promise<void> {
    const leading = this.#state === "leading";
    this.#state = "stopped";
    this.#clock.clearTimer(this.#timer);
    this.#clock.clearTimer(this.#expiryTimer);
    this.#subscription?.unsubscribe();
    if (!leading || !this.#connection.connected) return;
    await within(this.#clock, Math.min(RELEASE_TIMEOUT_MS, timeoutMs), this.#write(RELEASED));
  }

  #schedule(): void {
    this.#clock.clearTimer(this.#timer);
    if (this.#state !== "stopped") this.#timer = this.#clock.setTimer(() => void this.#step(), this.#leaseMs / 3);
  }

  async #step(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      if (this.#connection.connected) {
        await this.#attempt();
        this.#reports.receiving("election");
      }
    } catch (error) {
      // A lost or closed connection is reported elsewhere.
      if (!this.#isIn("stopped") && this.#connection.connected) this.#fail(error);
    } finally {
      this.#busy = false;
      this.#schedule();
    }
  }

  /** The next attempt follows after a third of the lease. */
  #fail(error: unknown): void {
    this.#reports.failing("election", toPubSubError(error, this.#what), false);
  }

  async #attempt(): Promise<void> {
    if (this.#state === "leading") return this.#renew();
    const last = await this.#last();
    if (!this.#isIn("standby") || (last.holder !== "" && !this.#isOverdue(last.sequence))) return undefined;
    return this.#claim(last.sequence);
  }

  #isOverdue(sequence: number): boolean {
    const now = this.#clock.monotonicNow();
    if (sequence === this.#sequence) return now - this.#seenAt >= this.#leaseMs;
    this.#sequence = sequence;
    this.#seenAt = now;
    return false;
  }

  async #claim(sequence: number): Promise<void> {
    this.#sequence = sequence;
    if (await this.#extendHold()) this.#lead();
  }

  #lead(): void {
    if (!this.#isIn("standby") || this.#clock.monotonicNow() >= this.#holdsUntil) return;
    this.#state = "leading";
    this.#candidate.won();
  }

  async #renew(): Promise<void> {
    // It may have expired before the answer came. Then the worker has lost it, and begins anew.
    if (await this.#extendHold()) return this.#lead();
    const last = await this.#last();
    if (this.#isIn("stopped")) return undefined;
    if (last.holder !== this.#self) {
      if (this.#isIn("leading")) this.#lose();
      return undefined;
    }
    // Our last write has arrived, and only its acknowledgement was lost.
    this.#sequence = last.sequence;
    if (await this.#extendHold()) this.#lead();
    return undefined;
  }

  /** Writes, and counts the lease from before the write. False when another worker has written. */
  async #extendHold(): Promise<boolean> {
    const before = this.#clock.monotonicNow();
    const sequence = await this.#write(Buffer.from(this.#self));
    if (sequence === undefined) return false;
    // What arrived since it expired was passed over.
    this.keeps();
    this.#sequence = sequence;
    this.#seenAt = this.#clock.monotonicNow();
    // A tenth less than the others wait.
    this.#holdsUntil = before + this.#leaseMs * 0.9;
    this.#clock.clearTimer(this.#expiryTimer);
    this.#expiryTimer = this.#clock.setTimer(() => this.keeps(), this.#holdsUntil - this.#seenAt);
    return true;
  }

  #lose(): void {
    this.#state = "standby";
    this.#clock.clearTimer(this.#expiryTimer);
    this.#candidate.lost();
  }

  async #last(): Promise<{ readonly sequence: number; readonly holder: string }> {
    const { leaderStream, leaderSubject } = this.#names;
    const stored = await this.#connection.jsm.streams.getMessage(leaderStream, { last_by_subj: leaderSubject });
    return stored === null ? { sequence: 0, holder: "" } : { sequence: stored.seq, holder: stored.string() };
  }

  /** The sequence of the message written; undefined when the last message is not the one that this worker knows. */
  async #write(payload: Uint8Array): Promise<number | undefined> {
    const headers = `NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: ${this.#sequence}\r\n\r\n`;
    const late = (): PubSubError => new PubSubError("TIMEOUT", `${this.#what}: no answer within ${this.#leaseMs} ms`);
    const asked = this.#asker.ask(this.#names.leaderSubject, payload, headers);
    const reply = await requireWithin(this.#clock, this.#leaseMs, asked, late);
    const outcome = readPubAck(reply);
    if (outcome === "stored") return sequenceOf(reply);
    if (outcome !== "no-responders" && TAKEN.has(outcome.err_code)) return undefined;
    throw pubAckError(outcome, this.#what);
  }

  /** A function, because the compiler does not know that the state can change during an await. */
  #isIn(state: State): boolean {
    return this.#state === state;
  }
}
