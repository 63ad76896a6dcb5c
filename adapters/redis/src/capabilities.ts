import { type Capabilities, MAX_PUBLISH_DELAY_MS } from "@anytopic/core/driver";
import {
  DEDUPLICATION_WINDOW_MS,
  MAX_ACK_DEADLINE_MS,
  MAX_ATTRIBUTE_KEY_BYTES,
  MAX_ATTRIBUTE_VALUE_BYTES,
  MAX_ATTRIBUTES,
  MAX_MESSAGE_BYTES,
  MAX_ORDERING_KEY_BYTES,
  MAX_RETRY_DELAY_MS,
} from "./limits.ts";
import type { CheckedOptions } from "./options.ts";

export { redisMessageLimits } from "./message-limits.ts";

/** What the adapter can do. */
export const redisCapabilities: Capabilities = Object.freeze({
  ordering: "per-key",
  orderedRetry: "broker",
  exactlyOnce: "native",
  deduplicationWindowMs: DEDUPLICATION_WINDOW_MS,
  lease: "renewable",
  // A lease may be renewed without end.
  maxLeaseMs: Number.MAX_SAFE_INTEGER,
  ackDeadline: Object.freeze({ minMs: 1000, maxMs: MAX_ACK_DEADLINE_MS }),
  nackDelay: Object.freeze({ maxMs: MAX_RETRY_DELAY_MS, granularityMs: 1 }),
  // Nobody can tell which messages of a dead worker had started.
  attempts: "includes-unstarted",
  orderedAttempts: "broker",
  // With `appendfsync everysec`, an ack of the last second can be lost when the machine loses its power.
  ack: "sent",
  maxMessageBytes: MAX_MESSAGE_BYTES,
  maxAttributes: MAX_ATTRIBUTES,
  maxAttributeKeyBytes: MAX_ATTRIBUTE_KEY_BYTES,
  maxAttributeValueBytes: MAX_ATTRIBUTE_VALUE_BYTES,
  maxOrderingKeyBytes: MAX_ORDERING_KEY_BYTES,
  // Waiting gains nothing: the client writes everything of one turn of the event loop together.
  publishBatch: Object.freeze({ maxMessages: 1000, maxBytes: 16_777_216, lingerMs: 0 }),
  publishDelay: Object.freeze({ maxMs: MAX_PUBLISH_DELAY_MS, granularityMs: 1, cancel: true, list: true }),
  durability: "broker",
  deadLetterCount: "exact",
  filter: "worker",
  replay: "time",
  statistics: Object.freeze({
    waiting: "approximate",
    inFlight: "exact",
    delayed: "exact",
    oldestAgeMs: "approximate",
    deadLetters: "exact",
  }),
});

/** With `"process"` the server need not keep anything: `connect` says so, instead of promising what nobody has checked. */
export function capabilitiesFor(durability: CheckedOptions["durability"]): Capabilities {
  return durability === "process" ? Object.freeze({ ...redisCapabilities, durability: "process" }) : redisCapabilities;
}
