import type { SubscriptionSpec } from "@anytopic/core/driver";
import { PubSubError } from "@anytopic/core/driver";
import { JetStreamApiError, type ConsumerInfo } from "@nats-io/jetstream";
import type { Connection } from "../connection.ts";
import { ErrCode, toPubSubError } from "../errors.ts";
import { consumerNames, subscriptionNames, type SubscriptionNames } from "../names.ts";

/** Where a subscription is: which of its consumers it has now. A seek gives it the next one. */
export interface ConsumerPosition {
  readonly names: SubscriptionNames;
  /** When the server created it. Two consumers with one name, one after the other, are two positions. */
  readonly created: string;
}

const MISSING: ReadonlySet<number> = new Set([ErrCode.CONSUMER_NOT_FOUND, ErrCode.STREAM_NOT_FOUND]);
const PASSED = /^anytopic seek, passes over redriven messages up to (\d+)$/;

/** The description of a consumer that a seek creates: redriven messages up to this sequence of the stream come again as their originals. */
export function seekDescription(lastSequence: number): string {
  return `anytopic seek, passes over redriven messages up to ${lastSequence}`;
}

/** @throws PubSubError `NOT_FOUND` when none of the subscription's consumers exists */
export async function currentPosition(connection: Connection, spec: SubscriptionSpec): Promise<ConsumerPosition> {
  const names = subscriptionNames(connection.options.prefix, spec);
  const what = `consumer ${names.stream}/${names.consumer}`;
  if (!connection.connected) throw connection.unavailable();
  try {
    const newest = (await existing(connection, names)).at(-1);
    if (newest !== undefined) return positionOf(names, newest);
  } catch (error) {
    throw toPubSubError(error, what);
  }
  throw new PubSubError("NOT_FOUND", `${what}: create the subscription with "anytopic apply" or provisioning "ensure"`);
}

/** The consumers of a subscription, the newest last: one, or two while a seek goes on, and after one that was interrupted. */
export async function existing(connection: Connection, names: SubscriptionNames): Promise<readonly ConsumerInfo[]> {
  const found = await Promise.all(
    consumerNames(names).map(async (name) => {
      try {
        return await connection.jsm.consumers.info(names.stream, name);
      } catch (error) {
        if (error instanceof JetStreamApiError && MISSING.has(error.code)) return undefined;
        throw error;
      }
    }),
  );
  return found
    .filter((info) => info !== undefined)
    .toSorted((one, other) => (sortable(one.created) < sortable(other.created) ? -1 : 1));
}

/** The server leaves out zeros at the end of a time: `.5Z` is after `.4999Z`, and before `.51Z`. */
export function sortable(created: string): string {
  const [, seconds = created, fraction = ""] = /^([^.Z]*)(?:\.(\d+))?Z$/.exec(created) ?? [];
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}

export function positionOf(names: SubscriptionNames, { name, created, config }: ConsumerInfo): ConsumerPosition {
  const passed = PASSED.exec(config.description ?? "")?.[1];
  return { names: { ...names, consumer: name, redrivenAfter: Number(passed ?? 0) }, created };
}
