import { randomUUID } from "node:crypto";
import {
  type Clock,
  PubSubError,
  type ReceivingReports,
  requireWithin,
  type TimerHandle,
  within,
} from "@anytopic/core/driver";
import type { Msg, MsgHdrs, Subscription } from "@nats-io/nats-core";
import { HeaderBlock } from "../codec.ts";
import type { Connection } from "../connection.ts";
import type { Question } from "../dead-letters.ts";
import { ErrCode, toPubSubError } from "../errors.ts";
import type { WorkerPart } from "../receive/pull-loop.ts";
import { pubAckError, readPubAck, sequenceOf } from "../publish/puback.ts";
import type { ReplyInbox } from "../publish/reply-inbox.ts";

/** Who is told about leadership. */
export interface Candidate {
  won(): void;
  /** Nothing of before may be settled or extended any more. */
  lost(): void;
}

export interface LeaseSubject {
  readonly stream: string;
  readonly subject: string;
  readonly leaseMs: number;
}

const RELEASED = new Uint8Array(0);
const RELEASE_TIMEOUT_MS = 2000;
const TAKEN: ReadonlySet<number> = new Set([ErrCode.WRONG_LAST_SEQUENCE, ErrCode.WRONG_LAST_SEQUENCE_CONSTANT]);

/**
 * Elects one of several workers: the author of the last message on a subject leads. It writes again every third of the
 * lease; whoever sees no new message for a whole lease writes in its place. Every write names the sequence of the
 * message that it replaces (`Nats-Expected-Last-Subject-Sequence`), so of several only one succeeds. Nobody's clock is
 * compared with anybody else's: the leader counts from before its write, the others from after they saw it.
 */
export class LeaderLease {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #lease: LeaseSubject;
  readonly #asker: ReplyInbox<Question>;
  readonly #candidate: Candidate;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #headers = new HeaderBlock();
  readonly #self = Buffer.from(randomUUID());
  #state: "standby" | "leading" | "stopped" = "standby";
  #subscription: Subscription | undefined;
  #timer: TimerHandle = undefined;
  #expiryTimer: TimerHandle = undefined;
  /** The last message known, and since when. */
  #sequence = 0;
  #seenAt = 0;
  #holdsUntil = 0;
  #busy = false;

  constructor(
    connection: Connection,
    lease: LeaseSubject,
    asker: ReplyInbox<Question>,
    candidate: Candidate,
    reports: ReceivingReports<WorkerPart>,
  ) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#lease = lease;
    this.#asker = asker;
    this.#candidate = candidate;
    this.#reports = reports;
  }

  /** Whether this worker certainly leads right now. */
  get holds(): boolean {
    return this.#state === "leading" && this.#clock.monotonicNow() < this.#holdsUntil;
  }

  /** As `holds`; a lease that has run out, though no timer could say so yet, is lost now. */
  keeps(): boolean {
    if (this.holds) return true;
    if (this.#state === "leading") this.#lose();
    return false;
  }

  /** Resolves after the first attempt; rejects when the stream does not exist. */
  async start(): Promise<void> {
    this.#subscription = this.#connection.nc.subscribe(this.#lease.subject, {
      callback: (error, message) => {
        if (error !== null) this.#fail(error);
        // A clean end of the leader: do not wait for the lease.
        else if (message.data.length === 0 && this.#state === "standby") void this.#step();
      },
    });
    await this.#attempt();
    this.#schedule();
  }

  /** Lets go, so that another worker takes over at once. Resolves within `timeoutMs`. */
  async release(timeoutMs: number): Promise<void> {
    const leading = this.#state === "leading";
    this.#state = "stopped";
    this.#clearTimers();
    this.#subscription?.unsubscribe();
    if (!leading || !this.#connection.connected) return;
    const waitMs = Math.min(RELEASE_TIMEOUT_MS, timeoutMs);
    await within(this.#clock, waitMs, this.#write(RELEASED));
  }

  get #what(): string {
    return `leader election on stream ${this.#lease.stream}`;
  }

  #schedule(): void {
    this.#clock.clearTimer(this.#timer);
    if (this.#state !== "stopped") this.#timer = this.#clock.setTimer(() => void this.#step(), this.#lease.leaseMs / 3);
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
      // A lost connection is told by others, and its end too.
      if (!isStopped(this.#state) && this.#connection.connected) this.#fail(error);
    } finally {
      this.#busy = false;
      this.#schedule();
    }
  }

  /** It is tried again, at every third of the lease. */
  #fail(error: unknown): void {
    this.#reports.failing("election", toPubSubError(error, this.#what), false);
  }

  async #attempt(): Promise<void> {
    if (this.#state === "leading") return this.#renew();
    const last = await this.#last();
    if (this.#state !== "standby") return undefined;
    if (last.holder !== "" && !this.#isOverdue(last.sequence)) return undefined;
    return this.#claim(last.sequence);
  }

  #isOverdue(sequence: number): boolean {
    const now = this.#clock.monotonicNow();
    if (sequence === this.#sequence) return now - this.#seenAt >= this.#lease.leaseMs;
    this.#sequence = sequence;
    this.#seenAt = now;
    return false;
  }

  async #claim(sequence: number): Promise<void> {
    this.#sequence = sequence;
    if (!(await this.#extendHold())) return;
    if (this.#state !== "standby") return;
    this.#state = "leading";
    this.#candidate.won();
  }

  async #renew(): Promise<void> {
    if (await this.#extendHold()) return;
    const last = await this.#last();
    if (isStopped(this.#state)) return;
    if (last.holder !== this.#self.toString()) {
      this.#lose();
      return;
    }
    // Our last write did arrive, only its acknowledgement did not.
    this.#sequence = last.sequence;
    await this.#extendHold();
  }

  /** Writes, and counts the lease from before the write. False when somebody else wrote. */
  async #extendHold(): Promise<boolean> {
    const before = this.#clock.monotonicNow();
    const sequence = await this.#write(this.#self);
    if (sequence === undefined) return false;
    this.#sequence = sequence;
    this.#seenAt = this.#clock.monotonicNow();
    // A tenth less than what the others wait.
    this.#holdsUntil = before + this.#lease.leaseMs * 0.9;
    this.#clock.clearTimer(this.#expiryTimer);
    this.#expiryTimer = this.#clock.setTimer(() => this.#onExpiry(), this.#holdsUntil - this.#seenAt);
    return true;
  }

  #onExpiry(): void {
    if (this.#state === "leading" && !this.holds) this.#lose();
  }

  #lose(): void {
    this.#state = "standby";
    this.#clock.clearTimer(this.#expiryTimer);
    this.#candidate.lost();
  }

  #clearTimers(): void {
    this.#clock.clearTimer(this.#timer);
    this.#clock.clearTimer(this.#expiryTimer);
  }

  async #last(): Promise<{ readonly sequence: number; readonly holder: string }> {
    const { jsm } = this.#connection;
    const stored = await jsm.streams.getMessage(this.#lease.stream, { last_by_subj: this.#lease.subject });
    return stored === null ? { sequence: 0, holder: "" } : { sequence: stored.seq, holder: stored.string() };
  }

  /** The sequence of the message written; undefined when the last one is not the one we know. */
  async #write(payload: Uint8Array): Promise<number | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    const headers: MsgHdrs = this.#headers.set(
      `NATS/1.0\r\nNats-Expected-Last-Subject-Sequence: ${this.#sequence}\r\n\r\n`,
    );
    const { leaseMs } = this.#lease;
    const late = (): PubSubError => new PubSubError("TIMEOUT", `${this.#what}: no answer within ${leaseMs} ms`);
    this.#asker.ask(this.#lease.subject, payload, headers, { resolve, reject });
    const reply = await requireWithin(this.#clock, leaseMs, promise, late);
    const outcome = readPubAck(reply);
    if (outcome === "stored") return sequenceOf(reply);
    if (outcome !== "no-responders" && TAKEN.has(outcome.err_code)) return undefined;
    throw pubAckError(outcome, this.#what);
  }
}

/** A function, because the compiler does not know that the state changes while something is awaited. */
function isStopped(state: "standby" | "leading" | "stopped"): boolean {
  return state === "stopped";
}
