import type { Clock } from "./clock.ts";
import { PubSubError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { timeLeft } from "./time-left.ts";
import { within } from "./within.ts";

/**
 * How long closing may take after handlers have ended, in ms: for confirmations of settles, pending publishes, and the closing of
 * drivers together. What is not done by then is not waited for, and is logged.
 */
export const CLOSE_GRACE_MS = 5000;

/** How much longer than its time a step may take, in ms: a driver then destroys its socket, which takes one or two turns of the event loop. */
const GIVING_UP_MS = 100;

/** The rest of `CLOSE_GRACE_MS`. Steps that are waited for with it take no longer. */
export class CloseBudget {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #leftMs: () => number = () => CLOSE_GRACE_MS;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Starts the budget, because the handlers of a worker have ended. Starts it again when the handlers of another worker end later. */
  begin(): void {
    this.#leftMs = timeLeft(this.#clock, CLOSE_GRACE_MS);
  }

  /** In whole ms, at least 0. */
  get remainingMs(): number {
    return this.#leftMs();
  }

  /**
   * Calls `step` with the time that is left, and waits for it about that long. Never rejects: a failure or a timeout is logged as
   * `what` with `fields`.
   */
  async wait(
    what: string,
    fields: Readonly<Record<string, unknown>>,
    step: (timeoutMs: number) => Promise<unknown>,
  ): Promise<void> {
    const timeoutMs = this.remainingMs;
    const failed = (error: unknown): void => {
      const code = error instanceof PubSubError ? error.code : "UNKNOWN";
      this.#logger.warn({ ...fields, code }, `${what} failed`);
    };
    const done = started(step, timeoutMs).catch(failed);
    if (await within(this.#clock, timeoutMs + GIVING_UP_MS, done)) return;
    this.#logger.warn(fields, `${what} took longer than closing may, and was left behind`);
  }
}

/** Makes a rejection of a synchronous throw as well. */
async function started(step: (timeoutMs: number) => Promise<unknown>, timeoutMs: number): Promise<void> {
  await step(timeoutMs);
}
