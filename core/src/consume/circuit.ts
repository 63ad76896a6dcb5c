import { afterThis } from "../base/turns.ts";
import type { Clock, TimerHandle } from "../base/clock.ts";
import type { CircuitPolicy } from "../declare/circuit-policy.ts";
import type { CircuitHealth } from "../observe/health.ts";
import type { InFlight } from "./in-flight.ts";
import type { Outcome } from "./outcome.ts";

export interface CircuitChange extends Pick<CircuitHealth, "state" | "failures"> {
  /** How long it will stay open, in ms; 0 unless it has opened. */
  readonly openMs: number;
  /** What the last attempt failed with; `undefined` unless it has opened. */
  readonly error: unknown;
}

export interface CircuitOptions {
  readonly policy: CircuitPolicy;
  readonly clock: Clock;
  /** Called when more may start than before. */
  readonly wake: () => void;
  readonly changed: (change: CircuitChange) => void;
}

/**
 * The circuit breaker of one worker. `closed`: everything starts. `open`: after some failed attempts in a row nothing starts, and what
 * was fetched waits under renewed leases. `half-open`: after a time a few messages start as probes. Their success closes it, a failure
 * opens it again, for twice as long.
 *
 * A failure is an attempt that will be retried after the delay of the retry policy. `Reject`, `RetryAfter` and unreadable messages say
 * something about one message, not about what the handler depends on: they count neither as failure nor as success.
 */
export class Circuit {
  readonly #options: CircuitOptions;
  #state: CircuitHealth["state"] = "closed";
  /** In a row. */
  #failures = 0;
  /** How often it has opened since it was closed. */
  #openings = 0;
  /** When it will be half-open, by the monotonic clock. */
  #openUntilMs = 0;
  #timer: TimerHandle;
  /** The messages that run as probes. Attempts that started earlier say nothing about now. */
  readonly #probes = new Set<InFlight>();
  #succeeded = 0;
  /** Whether its worker closes. */
  #isClosed = false;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  health(): CircuitHealth {
    const leftMs = this.#openUntilMs - this.#options.clock.monotonicNow();
    const openForMs = this.#state === "open" ? Math.max(0, Math.ceil(leftMs)) : 0;
    return { state: this.#state, failures: this.#failures, openForMs };
  }

  /** Whether a message may start now. */
  get mayStart(): boolean {
    if (this.#state === "closed") return true;
    return this.#state === "half-open" && this.#probes.size + this.#succeeded < this.#options.policy.probes;
  }

  /** The item starts, and has a place until `freed`. */
  started(item: InFlight): void {
    if (this.#state === "half-open") this.#probes.add(item);
  }

  /** The item has no place any longer, however it ended: another may start in its place. */
  freed(item: InFlight): void {
    if (this.#probes.delete(item)) this.#wakeSoon();
  }

  /** An attempt has ended. Called before it is settled: nothing starts after the failure that opens the circuit. */
  ended(item: InFlight, outcome: Outcome): void {
    if (this.#isClosed || (this.#state !== "closed" && !this.#probes.has(item))) return;
    if (outcome.kind === "ack") this.#success(item);
    else if (outcome.kind === "retry" && outcome.delayMs === undefined) this.#failure(outcome.error);
  }

  /** Nothing waits any longer, and handlers that still run change nothing. */
  close(): void {
    this.#isClosed = true;
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #success(item: InFlight): void {
    this.#failures = 0;
    if (this.#state === "closed") return;
    this.#probes.delete(item);
    this.#succeeded += 1;
    if (this.#succeeded < this.#options.policy.probes) return;
    this.#openings = 0;
    this.#become("closed", 0, undefined);
    this.#wakeSoon();
  }

  #failure(error: unknown): void {
    const { policy, clock } = this.#options;
    this.#failures += 1;
    if (this.#state === "closed" && this.#failures < policy.failures) return;
    const openMs = Math.min(policy.maxOpenMs, policy.openMs * 2 ** Math.min(this.#openings, 32));
    this.#openings += 1;
    this.#openUntilMs = clock.monotonicNow() + openMs;
    this.#timer = clock.setTimer(() => this.#halfOpen(), openMs);
    this.#become("open", openMs, error);
  }

  #halfOpen(): void {
    this.#timer = undefined;
    this.#become("half-open", 0, undefined);
    this.#options.wake();
  }

  #become(state: CircuitHealth["state"], openMs: number, error: unknown): void {
    this.#state = state;
    this.#probes.clear();
    this.#succeeded = 0;
    this.#options.changed({ state, failures: this.#failures, openMs, error });
  }

  /** Not at once: the attempt that has just ended is settled first. */
  #wakeSoon(): void {
    afterThis(this.#options.wake);
  }
}
