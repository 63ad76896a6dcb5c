import type { TopologyChange } from "@anytopic/core/driver";
import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import type { DeclaredConsumer, DeclaredStream } from "./topology-config.ts";

/** What the server can change in place. https://docs.nats.io/nats-concepts/jetstream/streams#configuration, read 2026-11-22. */
const STREAM_UPDATES = [
  "subjects",
  "num_replicas",
  "max_age",
  "max_bytes",
  "max_msgs_per_subject",
  "discard",
  "duplicate_window",
  "allow_rollup_hdrs",
  "deny_purge",
  "deny_delete",
] as const;
const STREAM_FIXED = ["retention", "storage"] as const;
const CONSUMER_UPDATES = ["ack_wait", "max_deliver", "max_ack_pending"] as const;
const CONSUMER_FIXED = ["ack_policy"] as const;
/** Not declared by us, and each breaks what we promise: another selection of messages, no bodies, another lease, pushes. */
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
export function streamDifference(declared: DeclaredStream, actual: StreamConfig): TopologyChange | undefined {
  const resource = streamResource(declared.config.name);
  const fixed = differing(STREAM_FIXED, declared.config, actual);
  const changeable = differing(STREAM_UPDATES, declared.config, actual);
  if (actual.sealed) fixed.push("it is sealed");
  return change(resource, fixed, changeable);
}

/** How an existing consumer differs from its declaration; undefined when it does not. */
export function consumerDifference(declared: DeclaredConsumer, actual: ConsumerConfig): TopologyChange | undefined {
  const fixed = differing(CONSUMER_FIXED, declared.config, actual);
  const changeable = differing(CONSUMER_UPDATES, declared.config, actual);
  for (const option of CONSUMER_FORBIDDEN) {
    const value = actual[option];
    if (isSet(value)) fixed.push(`${option} is ${JSON.stringify(value)}, declared none`);
  }
  return change(consumerResource(declared), fixed, changeable);
}

export function streamResource(name: string): string {
  return `stream ${name}`;
}

export function consumerResource(declared: Pick<DeclaredConsumer, "stream" | "config">): string {
  return `consumer ${declared.stream}/${declared.config.durable_name}`;
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
  const differences: string[] = [];
  for (const option of options) {
    const [want, have] = [declared[option], actual[option]];
    if (isSame(want, have)) continue;
    differences.push(`${option} is ${shownSetting(option, have)}, declared ${shownSetting(option, want)}`);
  }
  return differences;
}

function isSame(want: unknown, have: unknown): boolean {
  if (Array.isArray(want) && Array.isArray(have)) {
    return want.length === have.length && want.every((item) => have.includes(item));
  }
  // A server may leave out what is off.
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

/** `7 d`, `90 s`, `1500 ms`: the largest unit that needs no fraction. */
function shownTime(timeMs: number): string {
  if (timeMs === 0) return "unlimited";
  for (const [unit, unitMs] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ] as const) {
    if (timeMs % unitMs === 0) return `${timeMs / unitMs} ${unit}`;
  }
  return `${timeMs} ms`;
}
