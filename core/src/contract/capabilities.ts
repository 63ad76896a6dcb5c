/**
 * What an adapter can do, as data. Every field is required, the value is frozen before anything is opened and never
 * changes, and it survives `structuredClone` and JSON. Capabilities gate features when a topic is opened and choose
 * the tests of the conformance suite: what is declared is proven, what is not declared is proven to be refused.
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
  /** `"renewable"`: a delivered message is lent for `ackDeadlineMs`, renewed while it is held. `"connection"`: it is held until the connection ends. */
  readonly lease: "renewable" | "connection";
  /** The longest time a message can stay with one worker without being redelivered, in ms. */
  readonly maxLeaseMs: number;
  /** The permitted range of `ackDeadlineMs`. */
  readonly ackDeadline: { readonly minMs: number; readonly maxMs: number };
  /** The longest delay before a redelivery, and the step it is rounded up to, in ms. */
  readonly nackDelay: { readonly maxMs: number; readonly granularityMs: number };
  /** `"exact"`: an attempt is spent only when a handler could have started. `"includes-unstarted"`: a message that was fetched and returned, or fetched by a worker that died, spends one too. */
  readonly attempts: "exact" | "includes-unstarted";
  /**
   * Who counts the failures of a message that has an ordering key. `"broker"`: as without one. `"worker"`: while the worker
   * holds successors of it too, they are counted in its memory, and when it dies they are one: the message then gets more
   * attempts than permitted, never fewer. Meaningless when `ordering` is `"none"`.
   */
  readonly orderedAttempts: "broker" | "worker";
  /** `"confirmed"`: an ack has reached the broker's storage when it resolves. `"sent"`: a crash of the broker or a cut right after it may bring the message back. */
  readonly ack: "confirmed" | "sent";
  /** The largest message in bytes as the adapter's `sizeOf` counts it: body, attributes, key and our own metadata. Below the broker's limit by the room that a dead-letter record needs. */
  readonly maxMessageBytes: number;
  /** The largest number of attributes of the user on one message. */
  readonly maxAttributes: number;
  /** In bytes of UTF-8. */
  readonly maxAttributeKeyBytes: number;
  /** In bytes of UTF-8. */
  readonly maxAttributeValueBytes: number;
  /** In bytes of UTF-8. */
  readonly maxOrderingKeyBytes: number;
  /** How core groups publishes before it hands them to the driver. `lingerMs` 0: everything published in one turn of the event loop. */
  readonly publishBatch: { readonly maxMessages: number; readonly maxBytes: number; readonly lingerMs: number };
  /** `"process"`: everything is gone with the process. `"broker"`: accepted messages survive a restart of the broker. */
  readonly durability: "process" | "broker";
  /** Whether the number of dead letters is exact or the broker's estimate. */
  readonly deadLetterCount: "exact" | "approximate";
}
