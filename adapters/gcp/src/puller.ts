import { reconnectDelayMs } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { isTransient, Status, statusOf } from "./errors.ts";
import { MAX_PULL_MESSAGES } from "./limits.ts";
import type { Call, CallOptions, Channel, WireReceived } from "./rpc.ts";

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
  readonly failed: (error: unknown) => void;
  readonly succeeded: () => void;
}

/** The service answers an idle pull sooner; this only finds a connection that hangs. */
const PULL_DEADLINE_MS = 90_000;
/** After a fatal error (no such subscription, no permission) somebody has to act first. */
const FATAL_PAUSE_MS = 5000;
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
  /** With the time at which they began, by `performance.now` as all times here. */
  readonly #calls = new Map<Call, number>();
  /** Messages asked for by pulls under way. */
  requested = 0;
  readonly #maxIdlePauseMs: number;
  /** How long the next pause is; 0 while messages come. */
  #idlePauseMs = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #pausedUntilMs = 0;
  #stopping = false;
  #onAnswer: (() => void) | undefined;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#maxIdlePauseMs = options.maxIdlePauseMs;
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
          if (response === undefined) return reject(error);
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
      const pausedMs = this.#pausedUntilMs - performance.now();
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
    clearTimeout(this.#timer);
    const endMs = performance.now() + timeoutMs;
    while (this.#calls.size > 0) {
      await this.#answer(Math.min(QUIET_MS, Math.max(0, endMs - performance.now())));
      this.#giveUp(performance.now() >= endMs);
    }
  }

  async #answer(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onAnswer = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A pull that has waited a while has most likely nothing under way, while giving up one that has costs a lease. */
  #giveUp(all: boolean): void {
    if (!all && !this.#options.waits) return;
    const quietSinceMs = performance.now() - QUIET_MS;
    for (const [call, startedMs] of this.#calls) if (all || startedMs <= quietSinceMs) call.cancel();
  }

  #later(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#gathering = false;
      this.pump();
      this.#gathering = true;
    }, delayMs);
  }

  #pull(maxMessages: number): void {
    const { channel, connection, subscription, waits } = this.#options;
    // After a failure it does not wait: its answer is what tells that the subscription can be read again.
    const request = { subscription, maxMessages, returnImmediately: !waits || this.#failures > 0 };
    const startedMs = performance.now();
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
    const now = performance.now();
    if (this.#options.waits && now - startedMs >= QUICK_MS) {
      this.#idlePauseMs = 0;
      return;
    }
    this.#idlePauseMs = Math.min(this.#maxIdlePauseMs, Math.max(FIRST_IDLE_PAUSE_MS, 2 * this.#idlePauseMs));
    this.#pausedUntilMs = now + this.#idlePauseMs;
  }

  #failed(error: unknown, startedMs: number): void {
    if (this.#stopping) return;
    // Nothing came: as good as an empty answer.
    if (statusOf(error) === Status.DEADLINE_EXCEEDED && performance.now() - startedMs >= PULL_DEADLINE_MS - 1000)
      return;
    const { random } = this.#options.connection.context;
    if (this.#failures > 0 && performance.now() < this.#pausedUntilMs) return;
    this.#failures += 1;
    const pauseMs = isTransient(error) ? reconnectDelayMs(this.#failures, random) : FATAL_PAUSE_MS * (1 + random());
    this.#pausedUntilMs = performance.now() + pauseMs;
    this.#options.failed(error);
  }
}
