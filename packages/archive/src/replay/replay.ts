import { inspect } from "node:util";
import { type AnySubscription, type PubSub, systemClock } from "@anytopic/core";
import { pause } from "@anytopic/core/driver";
import { redeliver } from "@anytopic/core/relay";
import type { ArchiveStore } from "../archive-store.ts";
import { requireKnown, requireOption } from "../option-checks.ts";
import { newId } from "./new-id.ts";
import { PendingSends } from "./pending-sends.ts";
import type { ReplayOptions, ReplayResult } from "./replay-options.ts";

const OPTIONS: readonly (keyof ReplayOptions)[] = [
  "from",
  "to",
  "ids",
  "keys",
  "filter",
  "limit",
  "ratePerSecond",
  "maxPending",
  "dryRun",
  "asNew",
  "onProgress",
  "signal",
];

const MAX_CATCH_UP_MS = 50;

/**
 * Sends archived messages to one subscription alone, as they were published: with their ids, keys, attributes and publish times, and with
 * attempt 1. They have no expiry. Other subscriptions of the topic get nothing. Resolves when the broker has stored all of them.
 *
 * Messages of one key are stored in the order of their publish times, each after the one before it was confirmed; messages that are
 * published meanwhile come between them. A replay that fails or is stopped has sent everything up to the last `position`: call it again
 * with that as `from`. It may send some messages twice; on an exactly-once subscription the second is not handled.
 *
 * @param pubsub the result of `connect`
 * @throws TypeError when an argument is wrong
 * @throws PubSubError when a message cannot be sent; nothing after it is sent, except what was on its way
 */
export async function replay(
  pubsub: PubSub,
  subscription: AnySubscription,
  store: ArchiveStore,
  options: ReplayOptions = {},
): Promise<ReplayResult> {
  requireKnown("replay", options, OPTIONS);
  if (subscription?.kind !== "subscription") throw new TypeError("subscription must be made by defineSubscription");
  const { from, to, ids, keys, signal, filter, dryRun = false, onProgress } = options;
  const limit =
    options.limit === undefined ? Infinity : requireOption("limit", options.limit, 1, Number.MAX_SAFE_INTEGER);
  const asNew = options.asNew === undefined ? undefined : requireLabel(options.asNew);
  const pace = paceOf(options.ratePerSecond, signal);
  const maxPending = requireOption("maxPending", options.maxPending ?? 64, 1, 1000);

  let sent = 0;
  let left = 0;
  let readMs: number | undefined;
  const result = (): ReplayResult => {
    const positionMs = pending.oldestMs ?? readMs;
    return Object.freeze({ sent, left, position: positionMs === undefined ? undefined : new Date(positionMs) });
  };
  const pending = new PendingSends(async (message) => {
    const kept = asNew === undefined ? message : { ...message, id: newId(asNew, message.id) };
    if (!dryRun) await redeliver(pubsub, subscription, kept);
    sent += 1;
    onProgress?.(result());
  }, maxPending);

  let chosen = 0;
  try {
    for await (const message of store.read({ topic: subscription.topic.name, from, to, ids, keys, signal })) {
      if (chosen === limit) break;
      readMs = message.publishTimeMs;
      if (filter?.(message) === false) {
        left += 1;
        continue;
      }
      await pace?.();
      signal?.throwIfAborted();
      chosen += 1;
      await pending.add(message);
    }
  } finally {
    await pending.end();
  }
  return result();
}

function requireLabel(label: unknown): string {
  if (typeof label === "string" && label.length >= 1 && label.length <= 64) return label;
  throw new TypeError(`asNew is ${inspect(label, { maxStringLength: 80, depth: 0 })}: must be 1 to 64 characters`);
}

/** Waits until the next message may be sent. */
function paceOf(ratePerSecond: number | undefined, signal: AbortSignal | undefined): (() => Promise<void>) | undefined {
  if (ratePerSecond === undefined) return undefined;
  const perMessageMs = 1000 / requireOption("ratePerSecond", ratePerSecond, 1, 100_000);
  let nextMs = systemClock.monotonicNow();
  return async () => {
    const nowMs = systemClock.monotonicNow();
    // A timer that rings late costs no messages. What the broker was too slow for is not sent faster later.
    const startMs = Math.max(nextMs, nowMs - MAX_CATCH_UP_MS);
    nextMs = startMs + perMessageMs;
    if (startMs > nowMs) await pause(systemClock, startMs - nowMs, signal);
  };
}
