import type { Attributes } from "../contract/message.ts";
import type { AnyTopic } from "../declare/topic.ts";

/** What one publish adds to its event. */
export interface PublishOptions {
  /** Attributes of this message; they win over those of the topic. See `Attributes` for what is allowed. @default the topic's */
  readonly attributes?: Attributes | undefined;
  /** The message's id, so that a repeated publish is recognised as the same message. 1 to 128 printable ASCII characters without spaces. @default a new UUIDv7 */
  readonly id?: string | undefined;
  /**
   * The message is not handled from this moment on, by the clock of the worker; see `onExpired` of `defineSubscription`. From 1970 to
   * the year 9999. A time that has passed is accepted, and no handler gets the message. Takes the room of one attribute.
   * @default never
   */
  readonly expiresAt?: Date | undefined;
  /**
   * Not delivered before this time, by the clock of the broker or store that keeps the message; at most 366 days from now. A time that
   * has passed: published now. The call then resolves when the *schedule* is durable. See `Capabilities.publishDelay`, and for how
   * exact it is, docs/guides/delayed-publish.md. Not with `delayMs`, and not for events with an ordering key.
   * @default now
   */
  readonly deliverAt?: Date | undefined;
  /** As `deliverAt`: not delivered before so many ms have passed since the call. A whole number from 0 to 31,622,400,000 (366 days). @default 0 */
  readonly delayMs?: number | undefined;
  /** When it aborts, the call rejects at once with the abort reason. A publish that was already sent may still happen. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** One event of a `publishBatch`, with its own options. */
export interface PublishEntry<Input> extends Omit<PublishOptions, "signal"> {
  readonly event: Input;
}

/** The result of one entry of a batch. `error` is a `PubSubError`, a `TypeError`, or the abort reason. */
export type PublishResult =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly error: unknown };

/** An object that can only publish to one topic, for code that needs no more than that. See `PubSub.publish`. */
export interface Publisher<Input> {
  readonly topic: AnyTopic;
  publish(event: Input, options?: PublishOptions): Promise<string>;
  publishBatch(
    entries: readonly PublishEntry<Input>[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly PublishResult[]>;
}
