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

/** Who gets the messages. */
export interface PullTarget {
  /** How many more messages may be asked for, besides those already asked for (`requested`). */
  room(requested: number): number;
  message(message: Msg, reply: string): void;
}

/** What may keep a worker from receiving. One that stands by has no pull loop: its connection speaks for itself. */
export type WorkerPart = "connection" | "election" | "pulls";

export interface PullSource {
  readonly stream: string;
  readonly consumer: string;
}

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 3000;
/** Silence of the server, though it owes a message or a heartbeat, after which it is asked whether it is there. */
const SILENCE_MS = 7000;
/** More requests than one worker ever has open. */
const REMEMBERED_REQUESTS = 256;

/**
 * Asks one durable consumer for messages, for ever: JetStream's pull protocol (`CONSUMER.MSG.NEXT`) on the plain
 * connection. Never more are asked for than the target has room for. Every connection has an inbox of its own, so that
 * requests of before a reconnect cannot be answered after it.
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
  /** Messages asked for and not yet received. The server spreads them over the requests as it likes, so only the sum is known. */
  #requested = 0;
  #requests = 0;
  /** Sizes of the latest requests, by number. */
  readonly #sizes = new Map<number, number>();
  #heardMs = 0;
  /** In a row; also a lost connection is one. */
  #failures = 0;
  #refillQueued = false;
  #retryTimer: TimerHandle = undefined;
  #watchTimer: TimerHandle = undefined;

  constructor(connection: Connection, source: PullSource, target: PullTarget, reports: ReceivingReports<WorkerPart>) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#source = source;
    this.#target = target;
    this.#reports = reports;
    this.#subject = `${connection.apiPrefix}.CONSUMER.MSG.NEXT.${source.stream}.${source.consumer}`;
    this.#listener = {
      disconnected: (error) => this.#onDisconnect(error),
      reconnected: () => this.#onReconnect(),
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

  /** Asks for more where there is room, once for all settles of one turn. Cheap; called after every settle. */
  refill(): void {
    if (this.#refillQueued || this.#state !== "running") return;
    this.#refillQueued = true;
    queueMicrotask(this.#refillNow);
  }

  readonly #refillNow = (): void => {
    this.#refillQueued = false;
    this.#request();
  };

  /** Ends asking; messages on their way still reach the target until this resolves, within `timeoutMs`. */
  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    const subscription = this.#detach();
    if (subscription === undefined || !this.#connection.connected) return;
    // The server has seen the end of the interest when it answers the flush that drain makes.
    const drained = subscription.drain().catch(() => {});
    await within(this.#clock, timeoutMs, Promise.all([this.#sweepRequests(), drained]));
    // Nothing may arrive any more; a drain that goes on would still let it.
    subscription.unsubscribe();
  }

  /**
   * Has the server drop requests that nobody listens to any more, which it does when asked about the consumer. Old
   * servers (seen on 2.9.10) that find none but such requests for a redelivery lose sight of it until its lease ends.
   */
  async #sweepRequests(): Promise<void> {
    await this.#connection.jsm.consumers.info(this.#source.stream, this.#source.consumer).catch(() => {});
  }

  /** Ends asking at once; messages on their way are left to their lease. */
  abandon(): void {
    this.#detach()?.unsubscribe();
  }

  #detach(): Subscription | undefined {
    this.#state = "stopped";
    this.#connection.unlisten(this.#listener);
    this.#clock.clearTimer(this.#retryTimer);
    this.#clock.clearTimer(this.#watchTimer);
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#requested = 0;
    return subscription;
  }

  /** Opens a new inbox and asks. */
  #attach(): void {
    this.#subscription?.unsubscribe();
    this.#inbox = this.#connection.newInbox();
    this.#requested = 0;
    this.#heardMs = this.#clock.monotonicNow();
    const subscription = this.#connection.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) this.#fail(toPubSubError(error, this.#what));
        else if (subscription === this.#subscription || this.#state === "stopped") this.#onMessage(message);
      },
    });
    this.#subscription = subscription;
    if (this.#requests > 0) void this.#sweepRequests();
    this.#watch();
    this.#request();
  }

  #request(): void {
    if (this.#state !== "running" || this.#subscription === undefined || !this.#connection.connected) return;
    const room = this.#target.room(this.#requested);
    // Small requests cost as much as large ones: wait until a quarter has been used, unless nothing is asked for.
    if (room <= 0 || (this.#requested > 0 && room * 3 < this.#requested)) return;
    const body = `{"batch":${room},"expires":${EXPIRES_MS * NANOSECONDS_PER_MS},"idle_heartbeat":${HEARTBEAT_MS * NANOSECONDS_PER_MS}}`;
    if (this.#requested === 0) this.#heardMs = this.#clock.monotonicNow();
    this.#requested += room;
    const number = ++this.#requests;
    this.#sizes.set(number, room);
    this.#sizes.delete(number - REMEMBERED_REQUESTS);
    this.#connection.nc.publish(this.#subject, body, { reply: `${this.#inbox}.${number}` });
  }

  #onMessage(message: Msg): void {
    this.#heardMs = 0;
    const reply = message.reply ?? "";
    if (reply === "") {
      this.#onStatus(message);
      return;
    }
    if (this.#requested > 0) this.#requested--;
    if (this.#failures > 0) this.#receiving();
    this.#target.message(message, reply);
  }

  /** The server says something about a request: NATS ADR-9 and ADR-13. */
  #onStatus(message: Msg): void {
    if (this.#state !== "running") return;
    const code = message.headers?.code ?? 0;
    const words = message.headers?.description ?? "";
    if (code === 100) {
      if (this.#failures > 0) this.#receiving();
      return;
    }
    this.#forget(message);
    const text = words.toLowerCase();
    if (code === 404 || code === 408 || text.startsWith("batch completed")) {
      if (this.#failures > 0) this.#receiving();
      this.#request();
    } else if (code === 409 && (text.startsWith("leadership change") || text.startsWith("server shutdown"))) {
      this.#retryLater();
    } else if (code === 503 || text.startsWith("consumer deleted")) void this.#findOutWhy();
    else this.#fail(new PubSubError("REJECTED", `${this.#what}: ${code} ${words}`));
  }

  /** Takes an ended request out of the count. */
  #forget(message: Msg): void {
    const number = Number(message.subject.slice(this.#inbox.length + 1));
    const pending = message.headers?.get("Nats-Pending-Messages") ?? "";
    // Without the header it was refused as a whole.
    const left = pending === "" ? (this.#sizes.get(number) ?? 0) : Number(pending);
    this.#requested = Math.max(0, this.#requested - left);
  }

  /** Nobody answers for this consumer: it is gone, or it has no leader at the moment. */
  async #findOutWhy(): Promise<void> {
    this.#requested = 0;
    try {
      await this.#connection.jsm.consumers.info(this.#source.stream, this.#source.consumer);
      this.#retryLater();
    } catch (error) {
      const mapped = toPubSubError(error, this.#what);
      // A server that has just started answers in many ways until it knows of its streams.
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
    this.#failures = 0;
    this.#reports.receiving("pulls");
  }

  #retryLater(error?: PubSubError): void {
    this.#failures += 1;
    this.#clock.clearTimer(this.#retryTimer);
    this.#retryTimer = this.#clock.setTimer(
      () => {
        if (this.#state === "running" && this.#connection.connected) this.#attach();
      },
      retryPauseMs(this.#failures, this.#connection.context.random, error),
    );
  }

  #onDisconnect(error: PubSubError): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#requested = 0;
    this.#failures += 1;
    this.#reports.failing("pulls", error, true);
  }

  #onReconnect(): void {
    this.#attach();
    if (this.#requested === 0) this.#receiving();
  }

  /** Notices a server that owes a heartbeat and is silent: half-open connections, and servers that forgot the request. */
  #watch(): void {
    this.#clock.clearTimer(this.#watchTimer);
    this.#watchTimer = this.#clock.setTimer(() => {
      if (this.#heardMs === 0) this.#heardMs = this.#clock.monotonicNow();
      else if (this.#requested > 0 && this.#clock.monotonicNow() - this.#heardMs > SILENCE_MS) void this.#onSilence();
      this.#watch();
    }, HEARTBEAT_MS);
  }

  async #onSilence(): Promise<void> {
    const subscription = this.#subscription;
    const alive = await this.#connection.flush(HEARTBEAT_MS);
    if (this.#state !== "running" || subscription !== this.#subscription) return;
    if (!alive) {
      this.#connection.drop();
    } else if (this.#heardMs !== 0 && this.#clock.monotonicNow() - this.#heardMs > SILENCE_MS) {
      // Asked just while its consumer is deleted, a server (seen on 2.9.10) may forget to refuse this and all later requests.
      await this.#findOutWhy();
    }
  }
}
