import type { Attributes } from "../contract/message.ts";

/** What a handler knows about one attempt besides the event. */
export interface HandlerContext {
  /**
   * The id that `publish` returned, the same on every attempt and every subscription: an idempotency key. Always what
   * `publish` takes as an id; a foreign one that is not (more than 128 characters, others than printable ASCII) is
   * replaced by `sha256:` and the hash of it.
   */
  readonly id: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly publishTime: Date;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  /** The undecoded body. */
  readonly body: Uint8Array;
  /** When this attempt will be given up (`maxHandlingMs` after its start, moved by `extend`). */
  readonly deadline: Date;
  /** Aborts when the attempt is given up, when the lease is lost, and when `close()` runs out of patience. */
  readonly signal: AbortSignal;
  /** The client library's own message. */
  readonly native: unknown;
  /**
   * Moves `deadline` to `durationMs` from now, bounded by the adapter's longest lease.
   * @throws TypeError when `durationMs` is not a finite number above 0
   */
  extend(durationMs: number): void;
}

/** Any object that is no `Error`, and no promise, of which it is asked what it resolves with. */
type NotAnError = object & { readonly stack?: undefined; readonly then?: undefined };
type NoError = NotAnError | string | number | bigint | boolean | symbol | null | undefined | void;

/**
 * What a handler may return, and its promise resolve with: anything but an error. It is ignored. Not `void`, to which
 * TypeScript assigns every function, also one that returns its `Reject` instead of throwing it and so acknowledges what it
 * meant to refuse. Not `void | Promise<void>`, which would refuse `(event) => sendEmail(event)` for what `sendEmail` returns.
 */
export type HandlerResult = NoError | PromiseLike<NoError>;

/**
 * Handles one event. Resolving (or returning) acknowledges; throwing retries by policy, `Reject` dead-letters at once,
 * `RetryAfter` chooses the delay. Returning an error instead of throwing it does not compile.
 */
export type Handler<Event> = (event: Event, context: HandlerContext) => HandlerResult;
