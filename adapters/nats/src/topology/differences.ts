import type { TopologyChange } from "@anytopic/core/driver";
import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import {
  CONSUMER_FIXED,
  CONSUMER_UPDATES,
  type ConsumerDeclaration,
  consumerResource,
  STREAM_FIXED,
  STREAM_UPDATES,
  type StreamDeclaration,
  streamResource,
} from "./topology-config.ts";

/**
 * We never declare these. With each, a header of any publisher removes messages that nobody has handled: `Nats-Schedule` all messages
 * of its own subject, `Nats-TTL` its own one. The server does not switch them off again. Seen on 2.15.1, see ADR 105.
 */
const STREAM_FORBIDDEN = ["allow_msg_schedules", "allow_msg_ttl"] as const;

/** We never declare these, and each breaks a promise of ours: it selects messages, drops bodies, changes the lease, or pushes. */
const CONSUMER_FORBIDDEN = [
  "filter_subject",
  "filter_subjects",
  "deliver_subject",
  "headers_only",
  "backoff",
  "max_batch",
  "max_expires",
  "max_bytes",
] as const;

const TIMES: ReadonlySet<string> = new Set(["max_age", "duplicate_window", "ack_wait"]);

/** How an existing stream differs from its declaration; undefined when it does not. */
export function streamDifference(declared: StreamDeclaration, actual: StreamConfig): TopologyChange | undefined {
  const fixed = differing(STREAM_FIXED, declared, actual);
  if (actual.sealed) fixed.push("it is sealed");
  for (const option of STREAM_FORBIDDEN) if (actual[option]) fixed.push(`${option} is true, declared false`);
  return change(streamResource(declared.name), fixed, differing(STREAM_UPDATES, declared, actual));
}

/** How an existing consumer differs from its declaration; undefined when it does not. */
export function consumerDifference(declared: ConsumerDeclaration, actual: ConsumerConfig): TopologyChange | undefined {
  const fixed = differing(CONSUMER_FIXED, declared.config, actual);
  for (const option of CONSUMER_FORBIDDEN) {
    const value = actual[option];
    if (isSet(value)) fixed.push(`${option} is ${JSON.stringify(value)}, declared none`);
  }
  return change(consumerResource(declared), fixed, differing(CONSUMER_UPDATES, declared.config, actual));
}

function change(resource: string, fixed: readonly string[], changeable: readonly string[]): TopologyChange | undefined {
  if (fixed.length + changeable.length === 0) return undefined;
  return { action: fixed.length > 0 ? "replace" : "update", resource, detail: [...fixed, ...changeable].join("; ") };
}

function differing<Key extends string>(
  options: readonly Key[],
  declared: Readonly<Partial<Record<Key, unknown>>>,
  actual: Readonly<Partial<Record<Key, unknown>>>,
): string[] {
  return options
    .filter((option) => !isSame(declared[option], actual[option]))
    .map((option) => {
      const [want, have] = [shownSetting(option, declared[option]), shownSetting(option, actual[option])];
      return `${option} is ${have}, declared ${want}`;
    });
}

function isSame(want: unknown, have: unknown): boolean {
  if (Array.isArray(want) && Array.isArray(have)) {
    return want.length === have.length && want.every((item) => have.includes(item));
  }
  // A server may leave out a setting that is off.
  return want === (typeof want === "boolean" ? (have ?? false) : have);
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== "" && value !== 0 && value !== false;
}

function shownSetting(option: string, value: unknown): string {
  if (!TIMES.has(option) || typeof value !== "number") return typeof value === "string" ? value : JSON.stringify(value);
  return shownTime(value / NANOSECONDS_PER_MS);
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** `7 d`, `90 s`, `1500 ms`: in the largest unit that needs no fraction. */
function shownTime(timeMs: number): string {
  if (timeMs === 0) return "unlimited";
  const [unit, unitMs] = UNITS.find(([, unitMs]) => timeMs % unitMs === 0) ?? ["ms", 1];
  return `${timeMs / unitMs} ${unit}`;
}
