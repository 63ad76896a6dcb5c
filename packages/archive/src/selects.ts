import { inspect } from "node:util";
import type { ArchivedMessage, ArchiveSelection } from "./archive-store.ts";
import { requireTopicName } from "./archived-topic.ts";

/** A selection that was checked, with its times in Unix ms. */
export interface Selects {
  readonly topic: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly takes: (message: ArchivedMessage) => boolean;
}

/** @throws TypeError when a part of the selection is wrong */
export function selects({ topic, from, to, ids, keys }: ArchiveSelection): Selects {
  const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : requireTime("from", from);
  const toMs = to === undefined ? Number.POSITIVE_INFINITY : requireTime("to", to);
  const ofIds = texts("ids", ids);
  const ofKeys = texts("keys", keys);
  return {
    topic: requireTopicName(topic),
    fromMs,
    toMs,
    takes: ({ id, orderingKey, publishTimeMs }) =>
      publishTimeMs >= fromMs &&
      publishTimeMs < toMs &&
      ofIds?.has(id) !== false &&
      (ofKeys === undefined || (orderingKey !== undefined && ofKeys.has(orderingKey))),
  };
}

/** A time in Unix ms. @throws TypeError when it is no valid `Date` */
export function requireTime(option: string, time: unknown): number {
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.getTime();
  throw new TypeError(`${option} is ${inspect(time, { depth: 0 })}: must be a valid Date`);
}

function texts(option: string, values: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (values === undefined) return undefined;
  if (Array.isArray(values) && values.every((value) => typeof value === "string")) return new Set(values);
  throw new TypeError(`${option}: must be a list of texts`);
}
