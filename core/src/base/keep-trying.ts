import type { Clock } from "./clock.ts";
import { PubSubError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { pause } from "./pause.ts";
import { retryPauseMs } from "./retry-pause.ts";

export interface KeepTryingOptions {
  /** 0: one attempt, without a time limit. `Infinity`: without end. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/**
 * Calls `attempt` until it resolves, with pauses as after a lost connection, for at most `waitMs`. An error that is not `retryable`
 * rejects at once.
 */
export async function keepTrying<Value>(
  attempt: (signal: AbortSignal | undefined) => Promise<Value>,
  { waitMs, clock, random, logger, signal }: KeepTryingOptions,
): Promise<Value> {
  if (waitMs === 0) return await attempt(signal);
  const over = new AbortController();
  const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  let last: PubSubError | undefined;
  const late = (): void =>
    over.abort(
      new PubSubError(
        last?.code ?? "UNAVAILABLE",
        `no connection within ${waitMs} ms: ${last?.message ?? "the broker did not answer"}`,
        { cause: last },
      ),
    );
  const timer = waitMs === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(late, waitMs, true);
  try {
    for (let failures = 1; ; failures += 1) {
      try {
        return await attempt(either);
      } catch (error) {
        either.throwIfAborted();
        if (!(error instanceof PubSubError && error.retryable)) throw error;
        last = error;
      }
      const delayMs = retryPauseMs(failures, random);
      logger.warn(
        { code: last.code, failures, delayMs: Math.round(delayMs) },
        `cannot connect yet, trying again: ${last.message}`,
      );
      await pause(clock, delayMs, either);
      either.throwIfAborted();
    }
  } finally {
    clock.clearTimer(timer);
  }
}
