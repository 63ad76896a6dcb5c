import type { DueTime } from "../contract/due.ts";
import { MAX_PUBLISH_DELAY_MS } from "../contract/due.ts";
import { PubSubError } from "../base/errors.ts";
import { requireInteger } from "../options/option-checks.ts";
import { shown } from "../base/shown.ts";

const DELAY_RANGE = { min: 0, max: MAX_PUBLISH_DELAY_MS, unit: "ms" } as const;

/**
 * Reads `deliverAt` and `delayMs`. Returns `undefined` when the message is due now.
 *
 * @throws TypeError when both are given, or one is out of range
 * @throws PubSubError `NOT_SUPPORTED` for an event with an ordering key
 */
export function readDue(
  topic: string,
  deliverAt: unknown,
  delayMs: unknown,
  orderingKey: string | undefined,
  nowMs: number,
): DueTime | undefined {
  if (deliverAt !== undefined && delayMs !== undefined) {
    throw new TypeError("publish: both deliverAt and delayMs are given: give one of them");
  }
  const due = delayMs === undefined ? fromTime(deliverAt, nowMs) : fromDelay(delayMs, nowMs);
  if (orderingKey === undefined) return due.atMs > nowMs ? due : undefined;
  throw new PubSubError(
    "NOT_SUPPORTED",
    `topic "${topic}": the event has an ordering key, and ${delayMs === undefined ? "deliverAt" : "delayMs"} would change the order of its key: publish it to a topic without orderingKey, or let the handler of the due event publish it`,
  );
}

function fromDelay(value: unknown, nowMs: number): DueTime {
  const delayMs = requireInteger("publish: delayMs", value, DELAY_RANGE);
  return { atMs: nowMs + delayMs, delayMs };
}

function fromTime(value: unknown, nowMs: number): DueTime {
  const atMs = value instanceof Date ? value.getTime() : Number.NaN;
  if (atMs <= nowMs + MAX_PUBLISH_DELAY_MS) return { atMs, delayMs: undefined };
  throw new TypeError(`publish: deliverAt is ${shown(value)}: must be a valid Date, at most 366 days from now`);
}
