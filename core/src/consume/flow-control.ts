import type { Clock } from "../base/clock.ts";
import type { CircuitChange } from "./circuit.ts";
import type { CircuitPolicy } from "../declare/circuit-policy.ts";
import type { Logger } from "../base/logger.ts";
import type { PubSubEvent } from "../observe/observer.ts";
import type { RateLimit } from "../declare/rate-limit.ts";
import { closedError } from "../base/require-open.ts";
import { StartGate } from "./start-gate.ts";
import type { AnySubscription } from "../declare/subscription.ts";
import { namesOf } from "./worker-options.ts";

/** A worker on one connection, as its control sees it. */
export interface Pausable {
  /** Receives from now on. Resolves when it does, or when `rest` has come first. */
  receive(): Promise<void>;
  /** Stops receiving. Resolves when nothing more will start. */
  rest(): Promise<void>;
}

export interface FlowControlOptions {
  readonly subscription: AnySubscription;
  readonly rate: RateLimit | undefined;
  readonly circuit: CircuitPolicy | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: ((event: PubSubEvent) => void) | undefined;
}

/** What the workers of one `subscribe`, one for each connection, have in common: whether they are paused, and when messages may start. */
export class FlowControl {
  /** `undefined` without a rate and a circuit: then nothing is asked before a message starts. */
  readonly gate: StartGate | undefined;
  readonly #options: FlowControlOptions;
  readonly #workers = new Set<Pausable>();
  #isPaused = false;
  #isClosed = false;
  /** Grows with every pause and resume that changes something. */
  #changes = 0;

  constructor(options: FlowControlOptions) {
    const { rate, circuit, clock } = options;
    this.#options = options;
    if (rate === undefined && circuit === undefined) return;
    this.gate = new StartGate({ rate, circuit, clock, changed: (change) => this.#circuitChanged(change) });
  }

  add(worker: Pausable): void {
    this.#workers.add(worker);
  }

  /** A worker begins to close. With one, all close. */
  close(): void {
    this.#isClosed = true;
    this.gate?.close();
  }

  async pause(): Promise<void> {
    if (this.#isClosed) return;
    if (!this.#isPaused) {
      this.#isPaused = true;
      this.#changes += 1;
      this.#tell("paused");
    }
    await this.#rest();
  }

  async #rest(): Promise<void> {
    await Promise.all(Array.from(this.#workers, (worker) => worker.rest()));
  }

  async resume(): Promise<void> {
    if (this.#isClosed) throw closedError();
    const isChange = this.#isPaused;
    this.#isPaused = false;
    if (isChange) this.#changes += 1;
    const changes = this.#changes;
    try {
      await Promise.all(Array.from(this.#workers, (worker) => worker.receive()));
    } catch (error) {
      // All of its connections or none: it stays paused.
      if (changes === this.#changes) {
        this.#isPaused = true;
        await this.#rest();
      }
      throw error;
    }
    if (isChange && changes === this.#changes && !this.#isClosed) this.#tell("resumed");
  }

  #tell(type: "paused" | "resumed"): void {
    const { subscription, logger, observe, clock } = this.#options;
    const names = namesOf(subscription);
    logger.info(names, type);
    observe?.({ type, ...names, atMs: clock.now() });
  }

  #circuitChanged(change: CircuitChange): void {
    const { subscription, logger, observe, clock } = this.#options;
    const names = namesOf(subscription);
    const { state, failures, openMs } = change;
    // Not the error: it may show what a message contains.
    if (state === "open") logger.warn({ ...names, failures, openMs }, "the circuit is open: no message starts");
    if (state === "closed") logger.info(names, "the circuit is closed again");
    observe?.({ type: "circuit", ...names, ...change, atMs: clock.now() });
  }
}
