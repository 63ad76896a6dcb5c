import type { DeadLetterReason } from "../contract/dead-letter.ts";
import type { Attributes } from "../contract/message.ts";
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
 * Attributes that are added to the published message. An instrumentation writes to it in the call of its `publish`. What the user has
 * set stays: an entry with the key of a user's attribute is ignored, and all entries are left out when the message would otherwise
 * be beyond a limit of the broker.
 */
export type Carrier = Record<string, string>;

/** One attempt of a message by one worker. */
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
}

/** How an attempt ended. */
export interface AttemptEnd {
  /**
   * `"ack"`: it succeeded. `"retry"`: it failed and is retried after `delayMs`. `"dead-letter"`: it failed and its letter is stored,
   * for `reason`. `"release"`: the message was given back, and no attempt was spent where the broker allows that. `"lost"`: the
   * message belonged to another worker before the handler ended.
   */
  readonly outcome: "ack" | "retry" | "dead-letter" | "release" | "lost";
  /** Only for `"retry"`. */
  readonly delayMs: number | undefined;
  /** Only for `"dead-letter"`. */
  readonly reason: DeadLetterReason | undefined;
  /** What was thrown, or why it was retried, dead-lettered, released or lost. */
  readonly error: unknown;
  /** From the start of the handler to its end, in ms; 0 when it did not start. Shorter than the time until this call when a letter had to be stored. */
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
  /** As they were published: `redrive` changes none of them. */
  readonly attributes: Attributes;
}

/**
 * Sees and wraps what a `PubSub` does, for tracing, and as middleware. Every method is optional. Several compose: the first of the list
 * is the outermost. All methods are called synchronously and must be fast. An error that one throws is logged and otherwise ignored,
 * except what the `run` of `handle` throws.
 */
export interface Instrumentation {
  /** Called in the call of `publish`, and for each entry of `publishBatch`. What it returns is called once, when the publish has ended. */
  publish?(publish: PublishInfo, carrier: Carrier): ((end: PublishEnd) => void) | undefined | void;
  /** Called in the call of `publishBatch`, before its entries. What it returns is called once, when all entries have ended. */
  publishBatch?(batch: BatchInfo): ((end: BatchEnd) => void) | undefined | void;
  /**
   * Wraps a handler. Must call `run` once, and return what it returns or a promise of it. `run` starts the handler in the current
   * async context, so that an `AsyncLocalStorage` holds inside it. The outcome is that of the returned value: who catches the error of
   * a handler acknowledges its message. `ended` is called once, when the outcome is known, also when the handler never returns.
   */
  handle?(attempt: AttemptInfo, run: (ended?: (end: AttemptEnd) => void) => unknown): unknown;
  /** The pull form: a delivery is given to its reader. What it returns is called once, when the attempt has ended. */
  receive?(attempt: AttemptInfo): ((end: AttemptEnd) => void) | undefined | void;
  /** An attempt ended without a handler or reader: the message cannot be decoded, or has no attempt left, or was handled before. */
  skip?(attempt: AttemptInfo, end: AttemptEnd): void;
  /** A settle is given to the driver. What it returns is called once, when the broker has confirmed it, or at once where no confirmation follows. */
  settle?(attempt: AttemptInfo, settle: SettleKind): ((error: unknown) => void) | undefined | void;
  /** A letter is sent to its subscription again. What it returns is called once. */
  redrive?(letter: RedriveInfo): ((end: PublishEnd) => void) | undefined | void;
  /** Wraps every call of a driver, so that what its client library does is not traced a second time. Must call `run` and return its result. */
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
  stats(subscription: AnySubscription): Promise<SubscriptionStats>;
}

// Until the statistics are merged.
export interface SubscriptionStats {
  readonly waiting: number | undefined;
  readonly inFlight: number | undefined;
  readonly delayed: number | undefined;
  readonly oldestAgeMs: number | undefined;
  readonly deadLetters: number | undefined;
}
