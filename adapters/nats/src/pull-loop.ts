import { PubSubError, type TimerHandle } from "@anytopic/core/driver";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { Msg, Subscription } from "@nats-io/nats-core";
import type { Connection, ConnectionListener } from "./connection.ts";
import { ErrCode, toPubSubError } from "./errors.ts";
import { NANOSECONDS_PER_MS } from "./limits.ts";
import { trueWithin } from "./true-within.ts";

/** Who gets the messages. */
export interface PullTarget {
  /** How many more messages may be asked for, besides those already asked for (`requested`). */
  room(requested: number): number;
  message(message: Msg, reply: string): void;
  failing(error: PubSubError): void;
  receiving(reconnected: boolean): void;
}

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
const RETRY_MS = 250;
const SLOW_RETRY_MS = 5000;
const STOP_TIMEOUT_MS = 5000;

/**
 * Asks one durable consumer for messages, for ever: JetStream's pull protocol (`CONSUMER.MSG.NEXT`) on the plain
 * connection. Never more are asked for than the target has room for. Every connection has an inbox of its own, so that
 * requests of before a reconnect cannot be answered after it.
 */
export class PullLoop {
  readonly #connection: Connection;
  readonly #source: PullSource;
  readonly #target: PullTarget;
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
  #failing = false;
  #reconnected = false;
  #refillQueued = false;
  #retryTimer: TimerHandle = undefined;
  #watchTimer: TimerHandle = undefined;

  constructor(connection: Connection, source: PullSource, target: PullTarget) {
    this.#connection = connection;
    this.#source = source;
    this.#target = target;
    this.#subject = `${connection.apiPrefix}.CONSUMER.MSG.NEXT.${source.stream}.${source.consumer}`;
    this.#listener = {
      disconnected: (error) => this.#onDisconnect(error),
      reconnected: () => this.#onReconnect(),
      refused: (subject, error) => {
        if (subject === this.#subject) this.#fail(error, SLOW_RETRY_MS);
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
  async stop(timeoutMs: number = STOP_TIMEOUT_MS): Promise<void> {
    const subscription = this.#detach();
    if (subscription === undefined || !this.#connection.connected) return;
    // The server has seen the end of the interest when it answers the flush that drain makes.
    const drained = subscription.drain().catch(() => {});
    await trueWithin(this.#connection.context.clock, timeoutMs, Promise.all([this.#sweepRequests(), drained]));
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
    const { clock } = this.#connection.context;
    this.#state = "stopped";
    this.#connection.unlisten(this.#listener);
    clock.clearTimer(this.#retryTimer);
    clock.clearTimer(this.#watchTimer);
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
    this.#heardMs = this.#now();
    const subscription = this.#connection.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) this.#fail(toPubSubError(error, this.#what), SLOW_RETRY_MS);
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
    if (this.#requested === 0) this.#heardMs = this.#now();
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
    if (this.#failing || this.#reconnected) this.#receiving();
    this.#target.message(message, reply);
  }

  /** The server says something about a request: NATS ADR-9 and ADR-13. */
  #onStatus(message: Msg): void {
    if (this.#state !== "running") return;
    const code = message.headers?.code ?? 0;
    const words = message.headers?.description ?? "";
    if (code === 100) {
      if (this.#failing || this.#reconnected) this.#receiving();
      return;
    }
    this.#forget(message);
    const text = words.toLowerCase();
    if (code === 404 || code === 408 || text.startsWith("batch completed")) {
      if (this.#failing || this.#reconnected) this.#receiving();
      this.#request();
    } else if (code === 409 && (text.startsWith("leadership change") || text.startsWith("server shutdown"))) {
      this.#retryIn(RETRY_MS);
    } else if (code === 503 || text.startsWith("consumer deleted")) void this.#findOutWhy();
    else this.#fail(new PubSubError("REJECTED", `${this.#what}: ${code} ${words}`), SLOW_RETRY_MS);
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
      this.#retryIn(RETRY_MS);
    } catch (error) {
      const gone =
        error instanceof JetStreamApiError &&
        (error.code === ErrCode.CONSUMER_NOT_FOUND || error.code === ErrCode.STREAM_NOT_FOUND);
      this.#fail(toPubSubError(error, this.#what), gone ? SLOW_RETRY_MS : RETRY_MS);
    }
  }

  get #what(): string {
    return `consumer ${this.#source.consumer} of stream ${this.#source.stream}`;
  }

  #fail(error: PubSubError, retryMs: number): void {
    if (this.#state !== "running") return;
    if (!this.#failing) this.#target.failing(error);
    this.#failing = true;
    this.#retryIn(retryMs);
  }

  #receiving(): void {
    const reconnected = this.#reconnected;
    this.#failing = false;
    this.#reconnected = false;
    this.#target.receiving(reconnected);
  }

  #retryIn(delayMs: number): void {
    const { clock } = this.#connection.context;
    clock.clearTimer(this.#retryTimer);
    this.#retryTimer = clock.setTimer(() => {
      if (this.#state === "running" && this.#connection.connected) this.#attach();
    }, delayMs);
  }

  #onDisconnect(error: PubSubError): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#requested = 0;
    this.#failing = true;
    this.#target.failing(error);
  }

  #onReconnect(): void {
    this.#reconnected = true;
    this.#attach();
    if (this.#requested === 0) this.#receiving();
  }

  /** Notices a server that owes a heartbeat and is silent: half-open connections, and servers that forgot the request. */
  #watch(): void {
    const { clock } = this.#connection.context;
    clock.clearTimer(this.#watchTimer);
    this.#watchTimer = clock.setTimer(() => {
      if (this.#heardMs === 0) this.#heardMs = this.#now();
      else if (this.#requested > 0 && this.#now() - this.#heardMs > SILENCE_MS) void this.#onSilence();
      this.#watch();
    }, HEARTBEAT_MS);
  }

  async #onSilence(): Promise<void> {
    const subscription = this.#subscription;
    const alive = await this.#connection.flush(HEARTBEAT_MS);
    if (this.#state !== "running" || subscription !== this.#subscription) return;
    if (!alive) {
      this.#connection.drop();
    } else if (this.#heardMs !== 0 && this.#now() - this.#heardMs > SILENCE_MS) {
      // Asked just while its consumer is deleted, a server (seen on 2.9.10) may forget to refuse this and all later requests.
      await this.#findOutWhy();
    }
  }

  #now(): number {
    return this.#connection.context.clock.monotonicNow();
  }
}
