import { type Clock, type PubSubError, retryPauseMs, timeLeft, type TimerHandle, within } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { type Attempted, Status, statusOf, toPubSubError } from "../errors.ts";
import { MAX_PULL_MESSAGES } from "../limits.ts";
import type { Call, CallOptions, Channel, WireReceived } from "../connection/rpc.ts";

export interface PullerOptions {
  readonly connection: Connection;
  readonly channel: Channel;
  /** `projects/p/subscriptions/s`. */
  readonly subscription: string;
  /** Pulls under way at most. */
  readonly maxCalls: number;
  /** Whether a pull waits at the service for a message. If not, an idle subscription is asked again and again. */
  readonly waits: boolean;
  /** The longest pause between pulls that do not wait, in ms. */
  readonly maxIdlePauseMs: number;
  /** How many messages may be asked for, beyond those already asked for. */
  readonly room: () => number;
  /** Messages of one pull, and from how many on it is worth one. */
  readonly size: number;
  readonly received: (messages: readonly WireReceived[]) => void;
  readonly failed: (error: PubSubError) => void;
  readonly succeeded: () => void;
}

/** The service answers an idle pull sooner; this only finds a connection that hangs. */
const PULL_DEADLINE_MS = 90_000;
/** Free places are gathered so long before a pull is made for few of them. */
const GATHER_MS = 2;
/** Between pulls that do not wait: doubling from the first to the last as long as nothing comes. */
const FIRST_IDLE_PAUSE_MS = 5;
/** An empty answer to a pull that should have waited, and came faster than this, is followed by the same pauses. */
const QUICK_MS = 1000;
/** How long an answer may be on its way, for `stop`. */
const QUIET_MS = 200;

/** Keeps as many pulls waiting at one subscription as there is room for messages, and repairs itself for ever. */
export class Puller {
  readonly #options: PullerOptions;
  readonly #callOptions: CallOptions;
  readonly #attempted: Attempted;
  readonly #clock: Clock;
  /** With the time at which they began, by the monotonic clock as all times here. */
  readonly #calls = new Map<Call, number>();
  /** Messages asked for by pulls under way. */
  requested = 0;
  /** How long the next pause is; 0 while messages come. */
  #idlePauseMs = 0;
  #failures = 0;
  #timer: TimerHandle;
  #pausedUntilMs = 0;
  #stopping = false;
  #onAnswer: (() => void) | undefined;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#clock = options.connection.context.clock;
    this.#attempted = {
      verb: "receive from",
      resource: `subscription ${options.subscription}`,
      role: "roles/pubsub.subscriber",
    };
    this.#callOptions = {
      metadata: options.connection.metadata("subscription", options.subscription),
      deadlineMs: PULL_DEADLINE_MS,
    };
  }

  /** One pull that does not wait: tells whether the subscription exists and may be read. */
  async probe(maxMessages: number): Promise<void> {
    const { channel, connection, subscription, received } = this.#options;
    const request = { subscription, maxMessages, returnImmediately: true };
    this.requested += maxMessages;
    await new Promise<void>((resolve, reject) => {
      channel.call(
        connection.methods.pull,
        request,
        { ...this.#callOptions, deadlineMs: 10_000 },
        (error, response) => {
          this.requested -= maxMessages;
          if (response === undefined) return reject(toPubSubError(error, this.#attempted));
          received(response.receivedMessages);
          return resolve();
        },
      );
    });
  }

  /** There may be room, or time may have come: pulls as much as may be. Cheap when there is nothing to do. */
  pump(): void {
    if (this.#stopping || this.#timer !== undefined) return;
    const { maxCalls, size, room } = this.#options;
    while (this.#calls.size < (this.#idlePauseMs === 0 ? maxCalls : 1)) {
      const free = Math.min(room(), MAX_PULL_MESSAGES);
      if (free <= 0) return;
      const pausedMs = this.#pausedUntilMs - this.#clock.monotonicNow();
      if (pausedMs > 0) return this.#later(pausedMs);
      if (free < size && this.#gathering) return this.#later(GATHER_MS);
      this.#gathering = true;
      this.#pull(Math.min(free, size));
    }
  }

  /** Places are gathered once: what became free meanwhile is pulled for, however little it is. */
  #gathering = true;

  /** No more pulls. Resolves when none is under way, within `timeoutMs`; what arrives until then is still handed over. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#clock.clearTimer(this.#timer);
    const leftMs = timeLeft(this.#clock, timeoutMs);
    while (this.#calls.size > 0) {
      const answer = new Promise<void>((resolve) => (this.#onAnswer = resolve));
      await within(this.#clock, Math.min(QUIET_MS, leftMs()), answer);
      this.#giveUp(leftMs() === 0);
    }
  }

  /** A pull that has waited a while has most likely nothing under way, while giving up one that has costs a lease. */
  #giveUp(all: boolean): void {
    if (!all && !this.#options.waits) return;
    const quietSinceMs = this.#clock.monotonicNow() - QUIET_MS;
    for (const [call, startedMs] of this.#calls) if (all || startedMs <= quietSinceMs) call.cancel();
  }

  #later(delayMs: number): void {
    const again = (): void => {
      this.#timer = undefined;
      this.#gathering = false;
      this.pump();
      this.#gathering = true;
    };
    this.#timer = this.#clock.setTimer(again, delayMs, true);
  }

  #pull(maxMessages: number): void {
    const { channel, connection, subscription, waits } = this.#options;
    // After a failure it does not wait: its answer is what tells that the subscription can be read again.
    const request = { subscription, maxMessages, returnImmediately: !waits || this.#failures > 0 };
    const startedMs = this.#clock.monotonicNow();
    this.requested += maxMessages;
    const call = channel.call(connection.methods.pull, request, this.#callOptions, (error, response) => {
      this.#calls.delete(call);
      this.requested -= maxMessages;
      if (response === undefined) this.#failed(error, startedMs);
      else this.#answered(response.receivedMessages, startedMs);
      this.#onAnswer?.();
      this.pump();
    });
    this.#calls.set(call, startedMs);
  }

  #answered(messages: readonly WireReceived[], startedMs: number): void {
    this.#failures = 0;
    this.#options.succeeded();
    if (messages.length > 0) {
      this.#idlePauseMs = 0;
      this.#options.received(messages);
      return;
    }
    const now = this.#clock.monotonicNow();
    if (this.#options.waits && now - startedMs >= QUICK_MS) {
      this.#idlePauseMs = 0;
      return;
    }
    this.#idlePauseMs = Math.min(this.#options.maxIdlePauseMs, Math.max(FIRST_IDLE_PAUSE_MS, 2 * this.#idlePauseMs));
    this.#pausedUntilMs = now + this.#idlePauseMs;
  }

  #failed(error: unknown, startedMs: number): void {
    if (this.#stopping) return;
    // Nothing came: as good as an empty answer.
    if (
      statusOf(error) === Status.DEADLINE_EXCEEDED &&
      this.#clock.monotonicNow() - startedMs >= PULL_DEADLINE_MS - 1000
    )
      return;
    const { random } = this.#options.connection.context;
    if (this.#failures > 0 && this.#clock.monotonicNow() < this.#pausedUntilMs) return;
    this.#failures += 1;
    const mapped = toPubSubError(error, this.#attempted);
    this.#pausedUntilMs = this.#clock.monotonicNow() + retryPauseMs(this.#failures, random, mapped);
    this.#options.failed(mapped);
  }
}
