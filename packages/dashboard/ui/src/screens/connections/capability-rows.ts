import type { Capabilities } from "@anytopic/core";
import { shownBytes, shownCount, shownDuration } from "../../parts/format.ts";

export interface CapabilityRow {
  readonly group: string;
  readonly title: string;
  readonly shown: (capabilities: Capabilities) => string;
}

const duration = (ms: number): string => (ms === Number.MAX_SAFE_INTEGER ? "no limit" : shownDuration(ms));
const bytes = (count: number): string => (count === Number.MAX_SAFE_INTEGER ? "no limit" : shownBytes(count));
const count = (number: number): string => (number === Number.MAX_SAFE_INTEGER ? "no limit" : shownCount(number));

/** What an adapter can do, in words. */
export const CAPABILITY_ROWS: readonly CapabilityRow[] = [
  { group: "Delivery", title: "Order", shown: ({ ordering }) => (ordering === "per-key" ? "by ordering key" : "none") },
  { group: "Delivery", title: "Exactly-once", shown: ({ exactlyOnce }) => EXACTLY_ONCE[exactlyOnce] },
  {
    group: "Delivery",
    title: "Acknowledgements",
    shown: ({ ack }) => (ack === "confirmed" ? "stored when they resolve" : "sent, and stored soon after"),
  },
  {
    group: "Delivery",
    title: "Attempts",
    shown: ({ attempts }) =>
      attempts === "exact" ? "count what started" : "also count what was fetched and did not start",
  },
  {
    group: "Delivery",
    title: "Lease",
    shown: ({ lease }) => (lease === "renewable" ? "renewed while a handler runs" : "lasts until the connection ends"),
  },
  { group: "Delivery", title: "Longest lease", shown: ({ maxLeaseMs }) => duration(maxLeaseMs) },
  {
    group: "Delivery",
    title: "Ack deadline",
    shown: ({ ackDeadline }) => `${duration(ackDeadline.minMs)} to ${duration(ackDeadline.maxMs)}`,
  },
  {
    group: "Delivery",
    title: "Longest retry delay",
    shown: ({ nackDelay }) => `${duration(nackDelay.maxMs)}, in steps of ${duration(nackDelay.granularityMs)}`,
  },
  {
    group: "Delivery",
    title: "Filters",
    shown: ({ filter }) => (filter === "broker" ? "applied by the broker, as far as it can" : "applied by workers"),
  },
  { group: "Messages", title: "Largest message", shown: ({ maxMessageBytes }) => bytes(maxMessageBytes) },
  { group: "Messages", title: "Attributes", shown: ({ maxAttributes }) => count(maxAttributes) },
  {
    group: "Messages",
    title: "Attribute key and value",
    shown: ({ maxAttributeKeyBytes, maxAttributeValueBytes }) =>
      `${bytes(maxAttributeKeyBytes)} and ${bytes(maxAttributeValueBytes)}`,
  },
  { group: "Messages", title: "Ordering key", shown: ({ maxOrderingKeyBytes }) => bytes(maxOrderingKeyBytes) },
  {
    group: "Messages",
    title: "Durability",
    shown: ({ durability }) =>
      durability === "broker" ? "survives a restart of the broker" : "lost when the process ends",
  },
  {
    group: "Messages",
    title: "Deduplication of publishes",
    shown: ({ deduplicationWindowMs }) =>
      deduplicationWindowMs === 0 ? "none" : `within ${duration(deduplicationWindowMs)}`,
  },
  {
    group: "Messages",
    title: "Delayed publish",
    shown: ({ publishDelay }) =>
      publishDelay === "store"
        ? "needs a schedule store"
        : `by the broker, for at most ${duration(publishDelay.maxMs)}`,
  },
  {
    group: "Messages",
    title: "Replay",
    shown: ({ replay }) => (replay === "time" ? "to any time that is kept" : "none"),
  },
  { group: "Numbers", title: "Waiting", shown: ({ statistics }) => KNOWN[statistics.waiting] },
  { group: "Numbers", title: "In flight", shown: ({ statistics }) => KNOWN[statistics.inFlight] },
  { group: "Numbers", title: "Delayed", shown: ({ statistics }) => KNOWN[statistics.delayed] },
  { group: "Numbers", title: "Oldest", shown: ({ statistics }) => KNOWN[statistics.oldestAgeMs] },
  { group: "Numbers", title: "Dead letters", shown: ({ statistics }) => KNOWN[statistics.deadLetters] },
];

const EXACTLY_ONCE = { native: "by the broker", inbox: "with an inbox", none: "none" } as const;
const KNOWN = { exact: "exact", approximate: "an estimate", unknown: "not told" } as const;
