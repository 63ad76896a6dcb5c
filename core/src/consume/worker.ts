import type { SubscriptionHealth } from "../observe/health.ts";
import { requireInteger } from "../options/option-checks.ts";
import type { CircuitPolicyOptions } from "../declare/circuit-policy.ts";
import type { RateLimit } from "../declare/rate-limit.ts";
import { CLOSE_TIMEOUT_LIMITS } from "../options/connect-limits.ts";
import type { AnySubscription } from "../declare/subscription.ts";

/** How long closing waits for handlers. */
export interface CloseOptions {
  /**
   * How long running handlers may take to finish, in ms; 0 to 3,600,000. After that their signals abort and their messages are
   * released. Everything else that closing does takes at most 5 s more. @default `closeTimeoutMs` of `connect`
   */
  readonly timeoutMs?: number | undefined;
  /** When it aborts, closing waits for handlers no longer. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** How long `close` waits for handlers, in ms. @throws TypeError when `timeoutMs` is out of range */
export function closeTimeout(options: CloseOptions, defaultMs: number): number {
  return requireInteger("timeoutMs", options.timeoutMs ?? defaultMs, CLOSE_TIMEOUT_LIMITS);
}

/** How one worker receives. */
export interface SubscribeOptions {
  /** Handlers at the same time in this worker, each with one message or one batch; 1 to 100,000. @default the declaration's */
  readonly maxConcurrency?: number | undefined;
  /** Messages fetched ahead of free handlers; 0 to 100,000. @default `maxConcurrency`, at most 1000; with a batch handler, `maxConcurrency` batches */
  readonly prefetch?: number | undefined;
  /**
   * At most `max` attempts start in any span of `perMs` in this worker, retries too. What may not start yet waits, and its lease is
   * renewed; the worker then fetches no more than what may start soon. @default the declaration's
   */
  readonly rate?: RateLimit | undefined;
  /** When failed attempts in a row show that something that the handler needs is down, nothing starts for a while. @default the declaration's */
  readonly circuit?: CircuitPolicyOptions | undefined;
  /** When it aborts, the worker is closed. @default none */
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
  /**
   * Stops receiving and releases what has not started, so that other workers get it at once; running handlers finish and are settled
   * as usual. Resolves when nothing more will start and what had not started was released, after at most about 10 s whatever the
   * broker does; it does not wait for handlers, so a handler may call this. Where `Capabilities.attempts` is `"exact"`, a pause spends
   * no attempt. On an ordered subscription another worker may start only when the running handlers have ended.
   *
   * Works while disconnected. Idempotent; does nothing when the worker is closing. A new process is not paused. Never rejects.
   */
  pause(): Promise<void>;
  /**
   * Receives again after `pause`. Resolves when it does, or when `pause` or `close` has come meanwhile; while disconnected, it waits
   * for the connection. Handlers that started before the pause count for `maxConcurrency`. Does nothing when it is not paused.
   *
   * Rejects when the worker cannot receive, with the errors of `subscribe`, for example `NOT_FOUND`, and then it stays paused; with
   * `CLOSED` when the worker is closing.
   */
  resume(): Promise<void>;
}
