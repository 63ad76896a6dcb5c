import { type Clock, type PubSubError, retryPauseMs, timeLeft, type TimerHandle, within } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { Status, statusOf, toPubSubError } from "../errors.ts";
import { MAX_PULL_MESSAGES } from "../limits.ts";
import { type Call, type CallOptions, type Channel, unaryCall, type WireReceived } from "../connection/rpc.ts";

export interface PullerOptions {
  readonly connection: Connection;
  readonly channel: Channel;
  /** `projects/p/subscriptions/s`. */
  readonly subscription: string;
  /** The most pulls that may be pending. */
  readonly maxCalls: number;
  /** Whether a pull waits at the service for a message. If not, an idle subscription is polled. */
  readonly waits: boolean;
  /** The longest pause between pulls that do not wait, in ms. */
  readonly maxIdlePauseMs: number;
  /** How many messages may be requested, beyond those in `requested`. */
  readonly room: () => number;
  /** Messages of one pull. For fewer, free places are gathered first. */
  readonly size: number;
  readonly received: (messages: readonly WireReceived[]) => void;
  readonly failed: (error: PubSubError) => void;
  readonly succeeded: () => void;
}

const PROBE_DEADLINE_MS = 10_000;
/** For a pull that does not wait. The first one after a failure is such a pull: a new connection that hangs is found soon. */
const QUICK_DEADLINE_MS = 15_000;
/** The service answers an idle pull sooner, so this only finds a connection that hangs. */
const PULL_DEADLINE_MS = 90_000;
/** How long free places are gathered before a pull is made for only a few of them. */
const GATHER_MS = 2;
/** The first pause between pulls that do not wait. It is doubled up to `maxIdlePauseMs` as long as no message comes. */
const FIRST_IDLE_PAUSE_MS = 5;
/** If a pull that should have waited is answered faster than this, without messages, the same pauses follow. */
const QUICK_MS = 1000;
/** How long `stop` expects an answer to be on its way. */
const QUIET_MS = 200;

/** Keeps as many pulls pending at one subscription as there is room for messages. Repeats failed pulls for ever. */
export class Puller {
  readonly #options: PullerOptions;
  readonly #callOptions: CallOptions;
  readonly #quickOptions: CallOptions;
  readonly #clock: Clock;
  /** Pending pulls, with the time at which they began. All times here are by the monotonic clock. */
  readonly #calls = new Map<Call, number>();
  /** Messages requested by pending pulls. */
  requested = 0;
  /** How long the next pause is. 0 while messages come. */
  #idlePauseMs = 0;
  #failures = 0;
  #timer: TimerHandle;
  #pausedUntilMs = 0;
  #stopping = false;
  /** Whether a small pull waits for more free places. It does so once: then it is made, however small it is. */
  #gathering = true;
  #onAnswer: (() => void) | undefined;
  /** When a pull last began or ended. */
  #turnedMs: number;

  constructor(options: PullerOptions) {
    const { connection, subscription } = options;
    this.#options = options;
    this.#clock = connection.context.clock;
    this.#turnedMs = this.#clock.monotonicNow();
    this.#callOptions = {
      metadata: connection.metadata("subscription", subscription),
      deadlineMs: PULL_DEADLINE_MS,
      attempted: { verb: "receive from", resource: `subscription ${subscription}`, role: "roles/pubsub.subscriber" },
    };
    this.#quickOptions = { ...this.#callOptions, deadlineMs: QUICK_DEADLINE_MS };
  }

  /** One pull that does not wait. Rejects when the subscription does not exist or may not be read. */
  async probe(maxMessages: number): Promise<void> {
    const { channel, connection, subscription, received } = this.#options;
    const request = { subscription, maxMessages, returnImmediately: true };
    const callOptions = { ...this.#callOptions, deadlineMs: PROBE_DEADLINE_MS };
    this.requested += maxMessages;
    try {
      received((await unaryCall(channel, connection.methods.pull, request, callOptions)).receivedMessages);
    } finally {
      this.requested -= maxMessages;
    }
  }

  /** Makes as many pulls as there is room and time for. Cheap when there is nothing to do. */
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

  /** See `DriverSubscriber.overdueMs`. Every pull ends within `PULL_DEADLINE_MS`. */
  overdueMs(): number {
    if (this.#stopping || this.#timer !== undefined) return 0;
    if (this.#calls.size === 0 && this.#options.room() <= 0) return 0;
    return Math.max(0, this.#clock.monotonicNow() - this.#turnedMs - PULL_DEADLINE_MS);
  }

  /** Ends pulling. Resolves when no pull is pending, within `timeoutMs`. Messages that arrive until then are delivered. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#clock.clearTimer(this.#timer);
    const leftMs = timeLeft(this.#clock, timeoutMs);
    while (this.#calls.size > 0) {
      const answer = new Promise<void>((resolve) => (this.#onAnswer = resolve));
      await within(this.#clock, Math.min(QUIET_MS, leftMs()), answer);
      this.#cancelPulls(leftMs() === 0);
    }
  }

  /** Cancelling a pull whose answer is on its way costs a lease. A pull that has waited a while has most likely no answer yet. */
  #cancelPulls(all: boolean): void {
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
    // After a failure it does not wait, because its answer shows that the subscription can be read again.
    const isQuick = !waits || this.#failures > 0;
    const request = { subscription, maxMessages, returnImmediately: isQuick };
    const callOptions = isQuick ? this.#quickOptions : this.#callOptions;
    const startedMs = this.#clock.monotonicNow();
    this.#turnedMs = startedMs;
    this.requested += maxMessages;
    const call = channel.call(connection.methods.pull, request, callOptions, (error, response) => {
      this.#calls.delete(call);
      this.#turnedMs = this.#clock.monotonicNow();
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
    const { waits, maxIdlePauseMs } = this.#options;
    const now = this.#clock.monotonicNow();
    const hasWaited = waits && now - startedMs >= QUICK_MS;
    this.#idlePauseMs = hasWaited ? 0 : Math.min(maxIdlePauseMs, Math.max(FIRST_IDLE_PAUSE_MS, 2 * this.#idlePauseMs));
    if (!hasWaited) this.#pausedUntilMs = now + this.#idlePauseMs;
  }

  #failed(error: unknown, startedMs: number): void {
    if (this.#stopping) return;
    const now = this.#clock.monotonicNow();
    // No message came within the deadline: this is like an empty answer.
    if (statusOf(error) === Status.DEADLINE_EXCEEDED && now - startedMs >= PULL_DEADLINE_MS - 1000) return;
    // Pulls that fail during the pause count as one failure.
    if (this.#failures > 0 && now < this.#pausedUntilMs) return;
    this.#failures += 1;
    const reason = toPubSubError(error, this.#callOptions.attempted);
    this.#pausedUntilMs = now + retryPauseMs(this.#failures, this.#options.connection.context.random, reason);
    this.#options.failed(reason);
  }
}
