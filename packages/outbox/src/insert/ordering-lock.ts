import { hash } from "node:crypto";

import type { RelayMessage } from "@anytopic/core/relay";

/** How many lanes there are. The relays of all processes share them, so this number is part of the tables. */
export const LANES = 16;
/** How many rows the table `outbox_key` of MySQL has. */
export const KEY_BUCKETS = 1000;

/** What is locked until a transaction ends, so that the messages of a key get their numbers in the order of the commits. */
export interface OrderingLock {
  /** For PostgreSQL: 64 bits, as text, because not every library takes a bigint. */
  readonly number: string;
  /** For MySQL. */
  readonly bucket: number;
}

/** Where a message belongs. */
export interface Placement {
  readonly lane: number;
  /** `undefined` without an ordering key. */
  readonly lock: OrderingLock | undefined;
}

/** @param outbox names the outbox among others of the database: the locks of PostgreSQL belong to the whole of it */
export function placementOf(outbox: string, { topic, id, orderingKey }: RelayMessage): Placement {
  // Neither a table nor a topic has a line break in its name.
  const digest = hash("sha256", `${outbox}\n${topic}\n${orderingKey ?? id}`, "buffer");
  const lane = (digest[8] as number) % LANES;
  if (orderingKey === undefined) return { lane, lock: undefined };
  return { lane, lock: { number: digest.readBigInt64BE(0).toString(), bucket: digest.readUInt32BE(12) % KEY_BUCKETS } };
}
