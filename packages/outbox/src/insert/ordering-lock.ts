import { hash } from "node:crypto";

import type { RelayMessage } from "@anytopic/core/relay";

/** How many lanes there are. The relays of all processes share them, so this number is part of the tables. */
export const LANES = 16;
/** How many rows the table `outbox_key` of MySQL has. */
export const KEY_BUCKETS = 1000;

/** What is locked until a transaction ends, so that the messages of a key get their numbers in the order of the commits. */
export interface OrderingLock {
  /** For PostgreSQL: 32 bits, beside those of the outbox. Two keys that share it only wait for each other. */
  readonly number: number;
  /** For MySQL. */
  readonly bucket: number;
}

/** Where a message belongs. */
export interface Placement {
  readonly lane: number;
  /** `undefined` without an ordering key. */
  readonly lock: OrderingLock | undefined;
}

export function placementOf({ topic, id, orderingKey }: RelayMessage): Placement {
  // The name of a topic has no line break.
  const digest = hash("sha256", `${topic}\n${orderingKey ?? id}`, "buffer");
  const lane = (digest[8] as number) % LANES;
  if (orderingKey === undefined) return { lane, lock: undefined };
  return { lane, lock: { number: digest.readInt32BE(0), bucket: digest.readUInt32BE(4) % KEY_BUCKETS } };
}

/** Tells one outbox from others, because the locks of PostgreSQL belong to the whole database. */
export function outboxNumber(table: string): number {
  return hash("sha256", table, "buffer").readInt32BE(0);
}
