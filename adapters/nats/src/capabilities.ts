import type { Capabilities } from "@anytopic/core/driver";
import {
  DEAD_LETTER_ROOM_BYTES,
  DEFAULT_MAX_PAYLOAD_BYTES,
  MAX_ATTRIBUTE_KEY_BYTES,
  MAX_ATTRIBUTE_VALUE_BYTES,
  MAX_ATTRIBUTES,
  MAX_NAK_DELAY_MS,
  MAX_ORDERING_KEY_BYTES,
} from "./limits.ts";

export { natsMessageLimits } from "./message-limits.ts";

/** The default time for which a stream remembers message ids (`duplicate_window`), in ms. https://docs.nats.io/nats-concepts/jetstream/streams#configuration */
export const DEFAULT_DEDUPLICATION_WINDOW_MS = 120_000;

/** What the adapter can do with its default options. `maxPayloadBytes` and `deduplicationWindowMs` change the two fields they name. */
export const natsCapabilities: Capabilities = capabilitiesFor(
  DEFAULT_MAX_PAYLOAD_BYTES,
  DEFAULT_DEDUPLICATION_WINDOW_MS,
);

/** What the adapter can do with other values of the options `maxPayloadBytes` and `deduplicationWindowMs`. Frozen. */
export function capabilitiesFor(maxPayloadBytes: number, deduplicationWindowMs: number): Capabilities {
  return Object.freeze({
    ordering: "per-key",
    orderedRetry: "core",
    exactlyOnce: "native",
    deduplicationWindowMs,
    lease: "renewable",
    // A lease may be renewed without end.
    maxLeaseMs: Number.MAX_SAFE_INTEGER,
    ackDeadline: Object.freeze({ minMs: 1000, maxMs: 600_000 }),
    nackDelay: Object.freeze({ maxMs: MAX_NAK_DELAY_MS, granularityMs: 1 }),
    // The server counts deliveries, and the only way to release a message is a negative acknowledgement.
    attempts: "includes-unstarted",
    orderedAttempts: "broker",
    ack: "sent",
    maxMessageBytes: maxPayloadBytes - DEAD_LETTER_ROOM_BYTES,
    maxAttributes: MAX_ATTRIBUTES,
    maxAttributeKeyBytes: MAX_ATTRIBUTE_KEY_BYTES,
    maxAttributeValueBytes: MAX_ATTRIBUTE_VALUE_BYTES,
    maxOrderingKeyBytes: MAX_ORDERING_KEY_BYTES,
    // Waiting gains nothing: the client writes everything of one turn of the event loop together.
    publishBatch: Object.freeze({ maxMessages: 1000, maxBytes: 4_194_304, lingerMs: 0 }),
    publishDelay: "store",
    durability: "broker",
    deadLetterCount: "exact",
    filter: "worker",
    replay: "time",
    statistics: Object.freeze({
      waiting: "approximate",
      inFlight: "approximate",
      delayed: "unknown",
      oldestAgeMs: "approximate",
      deadLetters: "exact",
    }),
  } satisfies Capabilities);
}
