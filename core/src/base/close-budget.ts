import type { Clock } from "./clock.ts";
import { PubSubError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { timeLeft } from "./time-left.ts";
import { within } from "./within.ts";

/**
 * How long closing may take once handlers have ended, in ms: for confirmations of settles, publishes under way, and
 * everything that a driver does to let go. One budget for all of it. What is not done by then is left behind, and logged.
 */
export const CLOSE_GRACE_MS = 5000;

/** What a step may take beyond its time, in ms: a driver that gives up destroys its socket, which takes a turn or two. */
const GIVING_UP_MS = 100;

/** What is left of `CLOSE_GRACE_MS`; nothing that is waited for through it takes longer. */
export class CloseBudget {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #leftMs: () => number = () => CLOSE_GRACE_MS;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The handlers of one worker have ended: the budget begins, anew when those of another had ended before. */
  begin(): void {
    this.#leftMs = timeLeft(this.#clock, CLOSE_GRACE_MS);
  }

  /** In whole ms, at least 0. */
  get remainingMs(): number {
    return this.#leftMs();
  }

  /**
   * Waits for `step`, which is told how much time is left, and for little longer than that. Never rejects: what fails, or is
   * left behind, is logged as `what` with `fields`.
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

/** Also what throws at once becomes a rejection. */
async function started(step: (timeoutMs: number) => Promise<unknown>, timeoutMs: number): Promise<void> {
  await step(timeoutMs);
}
