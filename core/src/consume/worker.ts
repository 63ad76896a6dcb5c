import type { SubscriptionHealth } from "../observe/health.ts";
import { requireInteger } from "../options/option-checks.ts";
import { CLOSE_TIMEOUT_LIMITS } from "../options/connect-limits.ts";
import type { AnySubscription } from "../declare/subscription.ts";

export interface CloseOptions {
  /**
   * How long running handlers may take to finish, in ms; 0 to 3,600,000. After that their signals abort and their messages are
   * released. Everything else that closing does takes at most 5 s more. @default `closeTimeoutMs` of `connect`
   */
  readonly timeoutMs?: number | undefined;
  /** When it aborts, closing waits for handlers no longer. */
  readonly signal?: AbortSignal | undefined;
}

/** How long `close` waits for handlers, in ms. @throws TypeError when `timeoutMs` is out of range */
export function closeTimeout(options: CloseOptions, defaultMs: number): number {
  return requireInteger("timeoutMs", options.timeoutMs ?? defaultMs, CLOSE_TIMEOUT_LIMITS);
}

export interface SubscribeOptions {
  /** Handlers at the same time in this worker, each with one message or one batch; 1 to 100,000. @default the declaration's */
  readonly maxConcurrency?: number | undefined;
  /** Messages fetched ahead of free handlers; 0 to 100,000. @default `maxConcurrency`, at most 1000; with a batch handler, `maxConcurrency` batches */
  readonly prefetch?: number | undefined;
  /** When it aborts, the worker is closed. */
  readonly signal?: AbortSignal | undefined;
  /** With it, the handler gets several messages at once, see `BatchHandler`. @default one message at a time */
  readonly batch?: undefined;
}

/** An open subscription: receives messages and runs the handler until it is closed. */
export interface Worker extends AsyncDisposable {
  readonly subscription: AnySubscription;
  /** The state of this worker now. Cheap: no request to the broker. */
  health(): SubscriptionHealth;
  /**
   * Stops receiving, releases at once what has not started, waits for running handlers, and waits until the broker has confirmed
   * their settles. Takes at most `timeoutMs` for handlers and 5 s more, whatever the broker and the network do.
   *
   * A handler of this worker may call this. The promise then resolves when no more messages are received, because it cannot wait
   * for its own caller; closing goes on and waits for that handler, and `closed` resolves at the end. On Node 22 this works up to
   * the handler's first `await`.
   *
   * Idempotent: a second call waits for the same end. Rejects only with a `TypeError` for a wrong option, and then nothing was closed.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Resolves when the worker is closed, whoever closed it. Never rejects. */
  readonly closed: Promise<void>;
}
