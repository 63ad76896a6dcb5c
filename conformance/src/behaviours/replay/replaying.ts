import type { Capabilities, Subscription, Topic } from "@anytopic/core";
import type { Collector, Received } from "../../collector.ts";
import type { Context } from "../../context.ts";
import type { Sent } from "../../context-options.ts";
import { equal, sameMembers } from "../../expect.ts";
import type { Item } from "../../item.ts";

/** Longer than clocks of processes on one machine differ, and than a broker rounds times, in ms. */
const BETWEEN_MS = 1200;

/** Why a behaviour about replay does not apply. */
export function replays({ replay }: Capabilities): string | undefined {
  return replay === "time" ? undefined : 'replay "none": refused, see replay.refused';
}

/** Why a behaviour about replay and ordering keys does not apply. */
export function replaysInOrder(capabilities: Capabilities): string | undefined {
  if (capabilities.ordering === "none") return 'ordering "none": refused, see ordering.refused';
  return replays(capabilities);
}

/** Lets time pass, and returns a time in the middle of it. */
export async function between(context: Context): Promise<Date> {
  await context.work(BETWEEN_MS);
  const time = new Date();
  await context.work(BETWEEN_MS);
  return time;
}

/** A topic with `replay`, and two subscriptions of it. */
export async function replayed(
  context: Context,
  ordered = false,
): Promise<{
  readonly topic: Topic<Item>;
  readonly subscription: Subscription<Item>;
  readonly other: Subscription<Item>;
}> {
  context.tolerate("duplicates", "repeated-attempts");
  const topic = ordered ? context.orderedTopic({ replay: true }) : context.topic({ replay: true });
  const subscription = context.subscription(topic);
  const other = context.subscription(topic);
  const pubsub = await context.open();
  await pubsub.apply([topic, subscription, other]);
  return { topic, subscription, other };
}

/** Waits until each message was completed once more than before, and then until nothing happens; each must have been a first attempt. */
export async function comesAgain(
  context: Context,
  collectors: readonly Collector[],
  sent: readonly Sent[],
  since: readonly Received[],
): Promise<void> {
  const seen = new Set(since);
  const runs = (): Received[] => collectors.flatMap(({ received }) => received).filter((run) => !seen.has(run));
  const ids = sent.map(({ id }) => id);
  await context.eventually(
    () => {
      const completed = new Set(runs().flatMap(({ id, outcome }) => (outcome === "ok" ? [id] : [])));
      return ids.every((id) => completed.has(id));
    },
    () => `${ids.length} messages to come again; ${runs().length} runs so far`,
  );
  await context.quiet();
  sameMembers(
    runs().map(({ id }) => id),
    ids,
    "the messages that came after the seek",
  );
  for (const { id, attempt } of runs()) equal(attempt, 1, `the attempt of ${id} after the seek`);
}
