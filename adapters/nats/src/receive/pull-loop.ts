import {
  type Clock,
  CLOSE_GRACE_MS,
  PubSubError,
  type ReceivingReports,
  retryPauseMs,
  type TimerHandle,
  within,
} from "@anytopic/core/driver";
import type { Msg, Subscription } from "@nats-io/nats-core";
import type { Connection, ConnectionListener } from "../connection.ts";
import { toPubSubError } from "../errors.ts";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import { OpenRequests } from "./open-requests.ts";
import { nextSubject, type PullSource } from "./pull-source.ts";
import { HEARTBEAT_MS, SilenceWatch } from "./silence-watch.ts";

/** The worker that receives the messages. */
export interface PullTarget {
  /** How many more messages may be requested, in addition to the `requested` ones. */
  room(requested: number): number;
  message(message: Msg, reply: string): void;
}

/** A part of a worker that can fail and stop it from receiving. A worker that stands by has no pull loop. */
export type WorkerPart = "connection" | "election" | "pulls" | "recovery";

/** As long as a request lasts, the server may send messages to a worker that is gone: the other nodes of a cluster notice late that a node is cut off. */
const EXPIRES_MS = 10_000;
/** No step of the loop takes that long. */
const OVERDUE_MS = 30_000;
/** How long a silent server may take to answer that it lives. */
const ALIVE_MS = 3000;
/** The limit is one of the consumer, and cannot be changed later. */
const TOO_MANY_WORKERS = "its workers have more requests open than it accepts: use fewer, with a larger maxConcurrency";
/** With a server that answers, pauses grow no longer than after so many failures, 1.6 s: an election takes seconds. */
const MAX_FAILURES = 5;

/**
 * Requests messages from one durable consumer, for ever: JetStream's pull protocol (`CONSUMER.MSG.NEXT`) on the plain
 * connection. It never requests more than the target has room for. Every connection has its own inbox, so that a request
 * from before a reconnect cannot be answered after it.
 */
export class PullLoop {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #source: PullSource;
  readonly #target: PullTarget;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #subject: string;
  readonly #listener: ConnectionListener;
  #state: "idle" | "running" | "stopped" = "idle";
  #inbox = "";
  #subscription: Subscription | undefined;
  readonly #requests = new OpenRequests();
  readonly #silence: SilenceWatch;
  #isAsking = false;
  /** Failures in a row; a lost connection counts as one. */
  #failures = 0;
  #refillQueued = false;
  /** When it last asked, was answered about a request, or began to find out why not, by the monotonic clock. */
  #turnedMs = 0;
  #retryTimer: TimerHandle = undefined;

  constructor(connection: Connection, source: PullSource, target: PullTarget, reports: ReceivingReports<WorkerPart>) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#source = source;
    this.#target = target;
    this.#reports = reports;
    this.#subject = nextSubject(connection, source);
    this.#silence = new SilenceWatch(this.#clock, () => {
      if (this.#requests.messages > 0 && this.#silence.isSilent) void this.#onSilence();
    });
    this.#listener = {
      disconnected: (error) => {
        this.#subscription?.unsubscribe();
        this.#subscription = undefined;
        this.#requests.clear();
        this.#failures += 1;
        this.#reports.failing("pulls", error, true);
      },
      reconnected: () => {
        this.#attach();
        if (this.#requests.messages === 0) this.#receiving();
      },
      refused: (subject, error) => {
        if (subject === this.#subject) this.#fail(error);
      },
    };
  }

  start(): void {
    if (this.#state === "running") return;
    this.#state = "running";
    this.#connection.listen(this.#listener);
    if (this.#connection.connected) this.#attach();
  }

  /** Requests more when there is room, once for all settles of one turn of the event loop. Cheap: called after every settle. */
  refill(): void {
    if (this.#refillQueued || this.#state !== "running") return;
    this.#refillQueued = true;
    queueMicrotask(this.#refillNow);
  }

  readonly #refillNow = (): void => {
    this.#refillQueued = false;
    this.#request();
  };

  /**
   * See `DriverSubscriber.overdueMs`. The server answers a request within `EXPIRES_MS`, with messages or heartbeats before; a silent
   * one is asked whether it lives, and the loop goes on. So only a loop that has stopped is overdue.
   */
  overdueMs(): number {
    if (this.#state !== "running" || !this.#connection.connected || this.#refillQueued) return 0;
    const { messages } = this.#requests;
    if (this.#retryTimer !== undefined || (messages === 0 && this.#target.room(0) <= 0)) return 0;
    const nowMs = this.#clock.monotonicNow();
    // Messages of an open request come as long as it lasts.
    const { sinceMs } = this.#silence;
    const lastMs = messages > 0 && sinceMs === 0 ? nowMs : Math.max(this.#turnedMs, sinceMs);
    return Math.max(0, nowMs - lastMs - OVERDUE_MS);
  }

  /** Ends the requests. Messages that are under way still reach the target until this resolves, within `timeoutMs`. */
  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    const subscription = this.#detach();
    if (subscription === undefined || !this.#connection.connected) return;
    // Drain makes a flush. The server has cancelled the subscription when it answers that.
    const drained = subscription.drain().catch(() => {});
    await within(this.#clock, timeoutMs, Promise.all([this.#sweepRequests(), drained]));
    // A drain that is not finished would still let messages arrive.
    subscription.unsubscribe();
  }

  /**
   * Makes the server drop requests without a listener, which it does when asked about the consumer. When an old server
   * (seen on 2.9.10) finds only such requests for a redelivery, it delivers it only after one more lease.
   */
  async #sweepRequests(): Promise<void> {
    await this.#connection.jsm.consumers.info(this.#source.stream, this.#source.consumer).catch(() => {});
  }

  /** Ends the requests at once. Messages that are under way are redelivered when their lease ends. */
  abandon(): void {
    this.#detach()?.unsubscribe();
  }

  #detach(): Subscription | undefined {
    this.#state = "stopped";
    this.#connection.unlisten(this.#listener);
    this.#clock.clearTimer(this.#retryTimer);
    this.#silence.stop();
    this.#retryTimer = undefined;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#requests.clear();
    return subscription;
  }

  /** Opens a new inbox and requests messages. */
  #attach(): void {
    this.#subscription?.unsubscribe();
    this.#inbox = this.#connection.newInbox();
    this.#requests.clear();
    this.#silence.expect();
    this.#turnedMs = this.#silence.sinceMs;
    const subscription = this.#connection.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) this.#fail(toPubSubError(error, this.#what));
        else if (subscription === this.#subscription || this.#state === "stopped") this.#onMessage(message);
      },
    });
    this.#subscription = subscription;
    if (this.#requests.any) void this.#sweepRequests();
    this.#silence.start();
    this.#request();
  }

  #request(): void {
    if (this.#state !== "running" || this.#subscription === undefined || !this.#connection.connected) return;
    const requested = this.#requests.messages;
    const room = this.#target.room(requested);
    // Small requests cost as much as large ones: wait until a quarter is used, unless nothing is requested.
    if (room <= 0 || (requested > 0 && room * 3 < requested)) return;
    const body = `{"batch":${room},"expires":${EXPIRES_MS * NANOSECONDS_PER_MS},"idle_heartbeat":${HEARTBEAT_MS * NANOSECONDS_PER_MS}}`;
    this.#turnedMs = this.#clock.monotonicNow();
    if (requested === 0) this.#silence.expect();
    this.#connection.nc.publish(this.#subject, body, { reply: `${this.#inbox}.${this.#requests.add(room)}` });
  }

  #onMessage(message: Msg): void {
    this.#silence.heard();
    const reply = message.reply ?? "";
    if (reply === "") {
      this.#onStatus(message);
      return;
    }
    this.#requests.received();
    this.#receiving();
    this.#target.message(message, reply);
  }

  /** The status of a request: NATS ADR-9 and ADR-13. */
  #onStatus(message: Msg): void {
    if (this.#state !== "running") return;
    this.#turnedMs = this.#clock.monotonicNow();
    const code = message.headers?.code ?? 0;
    const description = message.headers?.description ?? "";
    if (code === 100) {
      this.#receiving();
      return;
    }
    this.#requests.ended(Number(message.subject.slice(this.#inbox.length + 1)), message);
    const text = description.toLowerCase();
    if (code === 404 || code === 408 || text.startsWith("batch completed")) {
      this.#receiving();
      this.#request();
    } else if (code === 409 && (text.startsWith("leadership change") || text.startsWith("server shutdown"))) {
      this.#retryLater();
    } else if (code === 503 || text.startsWith("consumer deleted")) void this.#findOutWhy();
    else {
      const remedy = text.startsWith("exceeded maxwaiting") ? `; ${TOO_MANY_WORKERS}` : "";
      this.#onRefused(new PubSubError("REJECTED", `${this.#what}: ${code} ${description}${remedy}`));
    }
  }

  /**
   * Only this request was refused, for instance because the consumer has as many as it accepts. Messages of the others come, or are under way
   * to this inbox, and without it they would wait for the end of their lease. The others are followed by new ones.
   */
  #onRefused(error: PubSubError): void {
    if (this.#requests.messages > 0 || this.#retryTimer !== undefined) return;
    this.#reports.failing("pulls", error, false);
    this.#retryLater(error.retryable ? undefined : error, () => {
      if (this.#requests.messages === 0) this.#request();
    });
  }

  /** The consumer does not answer: it is deleted, or has no leader at the moment. */
  async #findOutWhy(): Promise<void> {
    this.#requests.clear();
    this.#turnedMs = this.#clock.monotonicNow();
    try {
      await this.#connection.jsm.consumers.info(this.#source.stream, this.#source.consumer);
      this.#retryLater();
    } catch (error) {
      const mapped = toPubSubError(error, this.#what);
      // A server that has just started answers with many errors until it has loaded its streams.
      this.#fail(mapped, mapped.code === "NOT_FOUND");
    }
  }

  get #what(): string {
    return `consumer ${this.#source.consumer} of stream ${this.#source.stream}`;
  }

  #fail(error: PubSubError, isFatal = !error.retryable): void {
    if (this.#state !== "running") return;
    this.#reports.failing("pulls", error, false);
    this.#retryLater(isFatal ? error : undefined);
  }

  #receiving(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#reports.receiving("pulls");
  }

  #retryLater(error?: PubSubError, retry: () => void = () => this.#attach()): void {
    this.#failures += 1;
    this.#clock.clearTimer(this.#retryTimer);
    this.#retryTimer = this.#clock.setTimer(
      () => {
        this.#retryTimer = undefined;
        if (this.#state === "running" && this.#connection.connected) retry();
      },
      retryPauseMs(
        error === undefined ? Math.min(this.#failures, MAX_FAILURES) : this.#failures,
        this.#connection.context.random,
        error,
      ),
    );
  }

  /** Its connection is half-open, or it has forgotten the request. */
  async #onSilence(): Promise<void> {
    if (this.#isAsking) return;
    const subscription = this.#subscription;
    this.#isAsking = true;
    const alive = await this.#connection.flush(ALIVE_MS);
    this.#isAsking = false;
    if (this.#state !== "running" || subscription !== this.#subscription) return;
    // If it is asked while the consumer is being deleted, a server (seen on 2.9.10) may never answer this and all later requests.
    if (!alive) this.#connection.drop();
    else if (this.#silence.isSilent) await this.#findOutWhy();
  }
}
