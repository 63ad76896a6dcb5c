import type { DeadLetterReason } from "../contract/dead-letter.ts";
import type { Attributes } from "../contract/message.ts";
import type { SubscriptionStatistics } from "../contract/statistics.ts";
import type { AnySubscription } from "../declare/subscription.ts";
import type { Health } from "./health.ts";
import type { PubSubEvent } from "./observer.ts";

/** One `publishBatch`. The same object is the `batch` of all its entries. */
export interface BatchInfo {
  readonly topic: string;
  /** The adapter's name, of the topic's connection: `"nats"`, … */
  readonly adapter: string;
  /** The number of entries, at least 1. */
  readonly messages: number;
}

/** One publish, in the call of `publish` or `publishBatch`, before anything is sent. */
export interface PublishInfo {
  readonly topic: string;
  readonly adapter: string;
  readonly id: string;
  readonly orderingKey: string | undefined;
  /** The user's attributes, without what instrumentations add. */
  readonly attributes: Attributes;
  /** Bytes of the encoded event. */
  readonly bodyBytes: number;
  /** Present for an entry of `publishBatch`. */
  readonly batch: BatchInfo | undefined;
}

/** How a publish ended. `error` is `undefined` when the broker has accepted the message. */
export interface PublishEnd {
  readonly error: unknown;
}

/** How a batch ended. `error` is `undefined` when every entry was accepted, else the first entry's error. */
export interface BatchEnd {
  readonly failed: number;
  readonly error: unknown;
}

/**
 * Attributes that are added to the published message, after those of the user. All instrumentations write to the same one, in the
 * call of their `publish`; what is written later has no effect.
 *
 * What the user has set stays. An entry with the key of a user's attribute is left out. When the user has set `traceparent` or
 * `tracestate`, then `traceparent`, `tracestate` and `baggage` are left out, so that fields of two traces are not mixed. All entries are
 * left out, and the publish goes on, when the message would otherwise be beyond a limit of the broker. With a mirror, that is decided
 * for each connection. An entry that `Attributes` does not allow is left out and logged.
 */
export type Carrier = Record<string, string>;

/** The messages that a batch handler was started for together. The same object is the `batch` of all their attempts. */
export interface HandledBatch {
  /** How many there are. Fewer are handled when one of them cannot be decoded, was handled before, has expired or was lost. */
  readonly messages: number;
}

/** One attempt of a message by one worker. Frozen, and the same object in all calls for one attempt. */
export interface AttemptInfo {
  readonly topic: string;
  readonly subscription: string;
  readonly adapter: string;
  readonly id: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly publishTime: Date;
  readonly orderingKey: string | undefined;
  /** All attributes, also those that an instrumentation of the publisher has added. */
  readonly attributes: Attributes;
  readonly bodyBytes: number;
  /** Present when a batch handler has it. */
  readonly batch: HandledBatch | undefined;
}

/** How an attempt ended. */
export interface AttemptEnd {
  /**
   * `"ack"`: it succeeded, or it was acknowledged without a handler. `"retry"`: it failed and is retried after `delayMs`; so it is when its letter could not be stored.
   * `"dead-letter"`: it failed and its letter is stored, for `reason`. `"release"`: the message was given back, and no attempt was
   * spent where the broker allows that. `"lost"`: the message belonged to another worker before the handler ended.
   */
  readonly outcome: "ack" | "retry" | "dead-letter" | "release" | "lost";
  /** Only for `"retry"`. */
  readonly delayMs: number | undefined;
  /** Only for `"dead-letter"`. */
  readonly reason: DeadLetterReason | undefined;
  /** What was thrown, or why it was retried, dead-lettered, released or lost. `undefined` for `"ack"`, and for a release without a failure. */
  readonly error: unknown;
  /**
   * From the start of the handler, with what wraps it, to its end, in ms; 0 when it did not start. In the pull form, from the hand-over to
   * the settle. Shorter than the time until this call when a letter had to be stored.
   */
  readonly durationMs: number;
}

/** A settle at the broker: an acknowledgement, a retry or a release. */
export type SettleKind = "ack" | "retry" | "release";

/** One letter that `redrive` sends to its subscription again. */
export interface RedriveInfo {
  readonly topic: string;
  readonly subscription: string;
  readonly adapter: string;
  readonly id: string;
  /** As they were published, unless `edit` has replaced them. */
  readonly attributes: Attributes;
}

/**
 * Sees and wraps what a `PubSub` does, for tracing, and as middleware. Every method is optional; a method that is added after `connect`
 * is not called. Several compose: the first of the list is the outermost, it is told first of every beginning and last of every end. All
 * methods are called synchronously and must be fast. An error that one throws is logged and otherwise ignored, except after the `run`
 * of `handle`.
 *
 * Every attempt ends once: for each `deliver` event of the observer, either what `handle` or `receive` has given is called, or `skip`.
 */
export interface Instrumentation {
  /**
   * Called in the call of `publish`, and for each entry of `publishBatch`. What it returns is called once, before the caller learns how the
   * publish has ended. Not called when the arguments are refused, because such a publish has no id. With a mirror, called once.
   */
  publish?(publish: PublishInfo, carrier: Carrier): ((end: PublishEnd) => void) | undefined | void;
  /** Called in the call of `publishBatch`, before its entries, unless there are none. What it returns is called once, when all entries have ended. */
  publishBatch?(batch: BatchInfo): ((end: BatchEnd) => void) | undefined | void;
  /**
   * Wraps a handler. Must call `run` once, now or later, and return what it returns or a promise of it. `run` starts the handler in the
   * current async context, so that an `AsyncLocalStorage` holds inside it; around that is the context of `subscribe`.
   *
   * Once `run` was called, what this returns or throws is the outcome, as for a handler: who catches the error of a handler acknowledges its
   * message, and a transaction that cannot commit fails the attempt. Before that, `throw new Reject(…)` or `throw new RetryAfter(…)`
   * decides the outcome without the handler. After any other error, and when this does not call `run`, the handler runs without this
   * instrumentation, and the problem is logged. A second call of `run` starts nothing, and returns or throws what the first did.
   *
   * With a batch handler this is called for each message of the batch. `run` lets the message in, and returns a promise of its own outcome. When
   * the last message is in, the batch handler starts, in the async context of that call; a message that is not let in is not handled.
   *
   * `ended` is called once, when the outcome is known: also when the handler never returns, and before it returns when the message
   * is lost or the handler's time has passed.
   */
  handle?(attempt: AttemptInfo, run: (ended?: (end: AttemptEnd) => void) => unknown): unknown;
  /** The pull form: a delivery is given to its reader, and not yet when it was fetched. What it returns is called once, when the attempt has ended. */
  receive?(attempt: AttemptInfo): ((end: AttemptEnd) => void) | undefined | void;
  /**
   * An attempt ended without a handler or reader: the message cannot be decoded, has no attempt left, was handled before, has
   * expired, or was lost or released before its handler started. Not called when `handle` of this instrumentation was called for the attempt.
   */
  skip?(attempt: AttemptInfo, end: AttemptEnd): void;
  /**
   * A settle is given to the driver; also the release of a message that no handler has got, and the ack of one that is skipped. What it
   * returns is called once, when the broker has confirmed or refused it, or at once where no confirmation follows.
   */
  settle?(attempt: AttemptInfo, settle: SettleKind): ((error: unknown) => void) | undefined | void;
  /** A letter is sent to its subscription again. What it returns is called once. */
  redrive?(letter: RedriveInfo): ((end: PublishEnd) => void) | undefined | void;
  /**
   * Wraps every call of a driver that may reach the broker, so that what its client library does is not traced a second time. Must call
   * `run` before it returns. The result is always that of `run`.
   */
  quiet?<Result>(run: () => Result): Result;
  /** Called for everything that happens, as `observer` of `connect`. */
  observe?(event: PubSubEvent): void;
  /** Called once, when `connect` has succeeded. What it returns is called once, when everything is closed. */
  connected?(pubsub: ConnectedPubSub): (() => void) | undefined | void;
}

/** What an instrumentation may ask a `PubSub`, for example when somebody reads metrics. */
export interface ConnectedPubSub {
  health(): Health;
  /** The subscriptions that have a worker here. */
  readonly subscriptions: readonly AnySubscription[];
  stats(subscription: AnySubscription): Promise<SubscriptionStatistics>;
}
