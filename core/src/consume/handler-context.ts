import type { Attributes } from "../contract/message.ts";
import type { HandlerInbox } from "../inbox/handler-inbox.ts";

/** What a handler is told about one attempt besides the event. */
export interface HandlerContext {
  /**
   * The id that `publish` returned. The same on every attempt and every subscription, so it serves as an idempotency key. 1 to
   * 128 printable ASCII characters: an id of a foreign publisher that is longer, or has other characters, is replaced by
   * `sha256:` and its hash.
   */
  readonly id: string;
  /** 1 for the first attempt, 2 for the first retry, and so on. */
  readonly attempt: number;
  /** When `publish` was called, by the clock of the publisher. */
  readonly publishTime: Date;
  readonly attributes: Attributes;
  /** The `expiresAt` of its publish. This attempt started before it, by the clock of this process; `undefined` when the message never expires. */
  readonly expiresAt: Date | undefined;
  readonly orderingKey: string | undefined;
  /** The undecoded body. */
  readonly body: Uint8Array;
  /** When this attempt will be abandoned: `maxHandlingMs` after its start, or later after `extend`. */
  readonly deadline: Date;
  /** Aborts when the attempt is abandoned, when the lease is lost, and when the time that `close` gives handlers has passed. */
  readonly signal: AbortSignal;
  /** The client library's own message object, see the adapter's README. */
  readonly native: unknown;
  /** The claim of this attempt, where the subscription has an inbox: on exactly-once topics, and on several connections. */
  readonly inbox?: HandlerInbox | undefined;
  /**
   * Moves `deadline` to `durationMs` from now, but not beyond the adapter's longest lease (`Capabilities.maxLeaseMs`).
   * @throws TypeError when `durationMs` is not a finite number above 0
   */
  extend(durationMs: number): void;
}

/** Any object that is neither an `Error` nor a promise: what a promise resolves with is checked by itself. */
type NotAnError = object & { readonly stack?: undefined; readonly then?: undefined };
type NoError = NotAnError | string | number | bigint | boolean | symbol | null | undefined | void;

/**
 * What a handler may return, or its promise may resolve with: any value except an `Error`. The value is ignored. A returned
 * `Reject` does not compile, because it would acknowledge the message: it must be thrown. See docs/adr/073-handler-result.md.
 */
export type HandlerResult = NoError | PromiseLike<NoError>;

/**
 * Handles one event. To return, or to resolve, acknowledges the message. To throw retries it by the retry policy; `throw new
 * Reject(reason)` dead-letters it at once, and `throw new RetryAfter(delayMs)` chooses the delay of its retry.
 */
export type Handler<Event> = (event: Event, context: HandlerContext) => HandlerResult;
