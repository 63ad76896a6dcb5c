import type { SubscriptionHealth } from "../observe/health.ts";
import { requireInteger } from "../base/option-checks.ts";
import { CLOSE_TIMEOUT_LIMITS } from "../options/connect-limits.ts";
import type { AnySubscription } from "../declare/subscription.ts";

export interface CloseOptions {
  /**
   * How long running handlers may take to finish, in ms; afterwards their signals abort and their messages go back. All
   * else that closing takes is done within 5 s more. @default the connection's `closeTimeoutMs`
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting early. */
  readonly signal?: AbortSignal | undefined;
}

/** How long `close` waits, in ms. @throws TypeError when `options` ask for what is no time */
export function closeTimeout(options: CloseOptions, defaultMs: number): number {
  return requireInteger("timeoutMs", options.timeoutMs ?? defaultMs, CLOSE_TIMEOUT_LIMITS);
}

export interface SubscribeOptions {
  /** Instead of the declaration's. */
  readonly maxConcurrency?: number | undefined;
  /** Messages fetched ahead of free handlers; 0 to 100,000. @default `maxConcurrency`, at most 1000 */
  readonly prefetch?: number | undefined;
  /** Closes the worker when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** An open subscriber: takes messages until it is closed. */
export interface Worker extends AsyncDisposable {
  readonly subscription: AnySubscription;
  health(): SubscriptionHealth;
  /**
   * Stops intake, gives back at once what has not started, waits for running handlers, flushes acks. It takes at most
   * `timeoutMs`, for handlers, and 5 s more, whatever the broker and the line do.
   *
   * Called by one of its handlers, it resolves when no more messages are taken: it cannot wait for its caller. The
   * closing goes on behind it and waits for the handler like for any other; `closed` resolves at its end. On Node 22 that
   * is recognised up to the handler's first `await`.
   *
   * Rejects only with a `TypeError` for a wrong option, and has closed nothing then. Calling it again waits for the same end.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Resolves when the worker is closed, by whomever. */
  readonly closed: Promise<void>;
}
