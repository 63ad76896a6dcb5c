import type { Clock } from "../base/clock.ts";
import type { DeadLetterReason } from "../contract/dead-letter.ts";
import type { AttemptEnd, AttemptInfo, Instrumentation } from "../observe/instrumentation.ts";
import type { Instruments } from "../observe/instruments.ts";
import { isPromiseLike } from "../base/promise-like.ts";
import { isReject } from "./reject.ts";
import { isRetryAfter } from "./retry-after.ts";
import { kept } from "../base/kept.ts";
import { PubSubError } from "../base/errors.ts";

type Ended = (end: AttemptEnd) => void;

/**
 * One attempt as instrumentations see it; there is none when nobody looks. They are told of its first end and of no other: a handler
 * may return after its message was lost, or after its time has passed.
 */
export class SeenAttempt {
  readonly info: AttemptInfo;
  readonly #instruments: Instruments;
  readonly #clock: Clock;
  /** What to call at the end, the outermost first. */
  readonly #ends: Ended[] = [];
  /** Those whose `handle` was called. */
  readonly #wrappedBy: Instrumentation[] = [];
  #end: AttemptEnd | undefined;
  #startedMs: number | undefined;
  #durationMs: number | undefined;
  /** Whether a handler has started, or a reader has the delivery. */
  #ran = false;

  constructor(info: AttemptInfo, instruments: Instruments, clock: Clock) {
    this.info = info;
    this.#instruments = instruments;
    this.#clock = clock;
  }

  /**
   * Runs a handler inside all that wrap it, once. Returns or throws what decides the outcome. An instrumentation may wait before it
   * goes on: nothing starts when the message was lost, or its time has passed, meanwhile.
   */
  handle(handler: () => unknown, mayStart: () => boolean): unknown {
    this.#startedMs = this.#clock.monotonicNow();
    return this.#wrapped(0, handler, mayStart);
  }

  /** A reader of the pull form gets the delivery now. */
  receive(): void {
    if (this.#end !== undefined) return;
    this.#startedMs = this.#clock.monotonicNow();
    this.#ran = true;
    const end = this.#instruments.receive(this.info);
    if (end !== undefined) this.#ends.push(end);
  }

  /** The handler has ended: what follows, such as storing a letter, is not its time. */
  stop(): void {
    if (this.#startedMs !== undefined) this.#durationMs ??= this.#clock.monotonicNow() - this.#startedMs;
  }

  acked(): void {
    this.#ended("ack", undefined, undefined, undefined);
  }

  retried(delayMs: number, error: unknown): void {
    this.#ended("retry", error, delayMs, undefined);
  }

  deadLettered(reason: DeadLetterReason, error: unknown): void {
    this.#ended("dead-letter", error, undefined, reason);
  }

  released(error: unknown): void {
    this.#ended("release", error, undefined, undefined);
  }

  lost(error: unknown): void {
    this.#ended("lost", error, undefined, undefined);
  }

  #ended(
    outcome: AttemptEnd["outcome"],
    error: unknown,
    delayMs: number | undefined,
    reason: DeadLetterReason | undefined,
  ): void {
    if (this.#end !== undefined) return;
    this.stop();
    const end: AttemptEnd = Object.freeze({ outcome, delayMs, reason, error, durationMs: this.#durationMs ?? 0 });
    this.#end = end;
    for (const ended of this.#ends.toReversed()) this.#instruments.call("handle", () => ended(end));
    if (!this.#ran) this.#instruments.skip(this.info, end, this.#wrappedBy);
  }

  #wrapped(index: number, handler: () => unknown, mayStart: () => boolean): unknown {
    if (!mayStart()) throw new PubSubError("LEASE_LOST", "the attempt ended before its handler started");
    const one = this.#instruments.handlers[index];
    if (one === undefined) {
      this.#ran = true;
      return handler();
    }
    this.#wrappedBy.push(one);
    let started = false;
    let result: (() => unknown) | undefined;
    const inner = (): unknown => {
      started = true;
      result = kept(() => this.#wrapped(index + 1, handler, mayStart));
      return result();
    };
    const run = (ended?: Ended): unknown => {
      if (started) {
        this.#instruments.report("handle", new Error("handle called run more than once"));
        return result?.();
      }
      this.#callAtEnd(ended);
      return inner();
    };
    /** It has not called `run`: the handler runs all the same, unless the error says what shall become of the message. */
    const without = (error: unknown): unknown => {
      if (isReject(error) || isRetryAfter(error)) throw error;
      this.#instruments.report("handle", error);
      return inner();
    };
    let returned: unknown;
    try {
      returned = one.handle?.(this.info, run);
      if (!started && !isPromiseLike(returned)) throw new Error("handle did not call run");
    } catch (error) {
      if (started) throw error;
      return without(error);
    }
    if (started) return returned;
    return Promise.resolve(returned).then(
      (value: unknown) => (started ? value : without(new Error("handle did not call run"))),
      (error: unknown) => {
        if (started) throw error;
        return without(error);
      },
    );
  }

  #callAtEnd(ended: Ended | undefined): void {
    if (typeof ended !== "function") return;
    const end = this.#end;
    if (end === undefined) this.#ends.push(ended);
    else this.#instruments.call("handle", () => ended(end));
  }
}
