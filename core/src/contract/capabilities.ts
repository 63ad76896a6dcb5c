import type { StatisticsKnown } from "./statistics.ts";

/** How a broker delays a publish, see `Capabilities.publishDelay`. */
export interface BrokerDelay {
  readonly maxMs: number;
  readonly granularityMs: number;
  readonly cancel: boolean;
  readonly list: boolean;
}

/**
 * What an adapter can do, as data. Every field is required. The value is frozen, never changes, and can be copied by
 * `structuredClone` and JSON. Core refuses declarations that need more than this, and the conformance suite selects its tests by it:
 * what is declared is proven to work, what is not declared is proven to be refused.
 */
export interface Capabilities {
  /** `"per-key"`: messages with one ordering key are handled one after the other, across retries and workers. `"none"`: topics with an ordering key are refused. */
  readonly ordering: "none" | "per-key";
  /**
   * Who delays the retry of a message that has an ordering key. `"broker"`: `retry(delayMs)` keeps the whole key
   * closed until the delay is over. `"core"`: `retry(0)` brings the message back to the same worker at once, and core
   * holds it, and its successors, until it is due. Meaningless when `ordering` is `"none"`.
   */
  readonly orderedRetry: "broker" | "core";
  /**
   * `"native"`: deduplicated publishing, confirmed acks and lease fencing come from the broker. `"inbox"`: needs an
   * inbox store (`connect({ inbox })`) and is refused without one. `"none"`: exactly-once topics are refused.
   */
  readonly exactlyOnce: "native" | "inbox" | "none";
  /** How long the broker remembers the id of a published message and drops a second one, in ms; 0 when it does not. */
  readonly deduplicationWindowMs: number;
  /** `"renewable"`: a lease lasts `ackDeadlineMs` and is renewed while the worker holds the message. `"connection"`: a lease lasts until the connection ends. */
  readonly lease: "renewable" | "connection";
  /** The longest time a message can stay with one worker without being redelivered, in ms. */
  readonly maxLeaseMs: number;
  /** The permitted range of `ackDeadlineMs`. */
  readonly ackDeadline: { readonly minMs: number; readonly maxMs: number };
  /** The longest delay of a retry, and the step to which a delay is rounded up, in ms. */
  readonly nackDelay: { readonly maxMs: number; readonly granularityMs: number };
  /** `"exact"`: an attempt counts only when a handler could have started. `"includes-unstarted"`: it also counts when a message was fetched and released, or fetched by a worker that died. */
  readonly attempts: "exact" | "includes-unstarted";
  /**
   * Who counts the failures of a message that has an ordering key. `"broker"`: the broker, as without a key. `"worker"`: the
   * worker counts them in memory while it also holds successors of the message. When that worker dies, they count as one
   * failure: the message then gets more attempts than permitted, never fewer. Meaningless when `ordering` is `"none"`.
   */
  readonly orderedAttempts: "broker" | "worker";
  /** `"confirmed"`: an ack has reached the broker's storage when it resolves. `"sent"`: the message may be redelivered when the broker crashes, or the connection is lost, right after it. */
  readonly ack: "confirmed" | "sent";
  /** The largest message in bytes as the adapter's `sizeOf` counts it: body, attributes, key and our own metadata. Below the broker's limit, to leave room for a dead-letter record. */
  readonly maxMessageBytes: number;
  /** The largest number of attributes of the user on one message. */
  readonly maxAttributes: number;
  /** In bytes of UTF-8. */
  readonly maxAttributeKeyBytes: number;
  /** In bytes of UTF-8. */
  readonly maxAttributeValueBytes: number;
  /** In bytes of UTF-8. */
  readonly maxOrderingKeyBytes: number;
  /** How core groups publishes into batches for the driver. `lingerMs`: how long a batch waits for more; 0 for one turn of the event loop. */
  readonly publishBatch: { readonly maxMessages: number; readonly maxBytes: number; readonly lingerMs: number };
  /**
   * Who keeps a message that was published with `deliverAt` or `delayMs` until it is due. An object: the broker, for at most `maxMs`;
   * a message may be later by up to `granularityMs` beside what the broker itself needs; `cancel` and `list`: whether a message that
   * waits can be cancelled, and whether those that wait can be listed. `"store"`: a schedule store (`connect({ schedule })`); refused
   * without one.
   */
  readonly publishDelay: BrokerDelay | "store";
  /** `"process"`: all messages are lost when the process ends. `"broker"`: accepted messages survive a restart of the broker. */
  readonly durability: "process" | "broker";
  /** Whether the number of dead letters is exact or the broker's estimate. */
  readonly deadLetterCount: "exact" | "approximate";
  /**
   * Who holds back what a subscription's filter does not let pass. Core always does. `"broker"`: the broker does so before, as far as it
   * can: see `Adapter.filterInWorker`. `"worker"`: only core, so that every message comes to a worker and is acknowledged there.
   */
  readonly filter: "broker" | "worker";
  /**
   * Whether a subscription can be put to another position. `"time"`: on topics with `replay: true`, to any time that is still kept, to the
   * beginning and to the end. `"none"`: such topics are refused, and so is `seek`.
   */
  readonly replay: "time" | "none";
  /** Which numbers `stats` tells of a subscription, and how well it knows each. */
  readonly statistics: StatisticsKnown;
}
