import type { PubSub } from "@anytopic/core";

/** What is read of a relay. `Relay` of `@anytopic/outbox` has it. */
export interface MeasuredRelay {
  health(): { readonly closing: boolean; readonly published: number };
  stats(): Promise<{ readonly topics: readonly MeasuredOutboxTopic[] }>;
}

/** What the database tells of one topic of an outbox. */
export interface MeasuredOutboxTopic {
  readonly topic: string;
  readonly waiting: number;
  readonly oldestAgeMs: number;
  readonly held: number;
  readonly parked: number;
}

/** An outbox, seen by one of its relays. */
export interface MeasuredOutbox {
  readonly relay: MeasuredRelay;
  /** The label that tells outboxes apart, 1 to 100 characters. Two relays of one outbox have the same. @default "default" */
  readonly outbox?: string | undefined;
}

/** What metrics are shown of. */
export type MetricsSource = PubSub | MeasuredOutbox;

export interface CheckedSources {
  readonly pubsubs: readonly PubSub[];
  readonly outboxes: readonly { readonly relay: MeasuredRelay; readonly outbox: string }[];
}

const MAX_NAME_LENGTH = 100;

/** @throws TypeError when one is neither a `PubSub` nor `{ relay, outbox }` */
export function checkedSources(sources: readonly MetricsSource[]): CheckedSources {
  const outboxes = sources.filter(isOutbox).map(({ relay, outbox = "default" }) => {
    if (!has(relay, "health") || !has(relay, "stats")) {
      throw new TypeError("metrics: relay must be what outbox.relay() returns");
    }
    if (typeof outbox !== "string" || outbox === "" || outbox.length > MAX_NAME_LENGTH) {
      throw new TypeError(`metrics: outbox must be a name of 1 to ${MAX_NAME_LENGTH} characters`);
    }
    return { relay, outbox };
  });
  const pubsubs = sources.filter((source): source is PubSub => !isOutbox(source));
  if (!pubsubs.every((source) => has(source, "subscribe"))) {
    throw new TypeError("metrics: give a PubSub, or { relay, outbox } for the relay of an outbox");
  }
  return { pubsubs, outboxes };
}

function isOutbox(source: MetricsSource): source is MeasuredOutbox {
  return typeof source === "object" && source !== null && "relay" in source;
}

function has(value: unknown, method: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[method] === "function";
}
