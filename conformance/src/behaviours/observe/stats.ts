import { type Capabilities, type PubSub, Reject, type Subscription, type SubscriptionStatistics } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import type { Context } from "../../context.ts";
import { check, equal, rejects, within } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { monotonicMs } from "../../wait.ts";

const FIELDS = ["waiting", "inFlight", "delayed", "oldestAgeMs", "deadLetters"] as const;
type Counts = Readonly<Record<"waiting" | "inFlight" | "delayed" | "deadLetters", number>>;

/** Longer than everything before it takes, so that the retry is still delayed when it is looked for. */
const DELAY_MS = 15_000;

export const stats: Behaviour = behaviour({
  id: "observe.stats",
  rows: [46],
  statements: ["C30"],
  title:
    "stats() follows messages from waiting to in flight, delayed and dead; what a broker does not tell is undefined",
  tier: "full",
  async run(context) {
    const delayMs = context.retryStepMs(DELAY_MS);
    const { pubsub, topic, subscription } = await context.pair({
      maxConcurrency: 2,
      retryPolicy: { minBackoffMs: delayMs, maxBackoffMs: delayMs },
    });
    const expectNumbers = (what: string, numbers: Counts): Promise<void> =>
      numbersBecome(context, pubsub, subscription, what, numbers);
    const nothing = { waiting: 0, inFlight: 0, delayed: 0, deadLetters: 0 };
    await expectNumbers("of a new subscription", nothing);
    await expectAge(context, pubsub, subscription, { max: 0 });

    const beforeMs = monotonicMs();
    const sent = await context.publish(pubsub, topic, 5);
    const storedMs = monotonicMs();
    await expectNumbers("of five messages", { ...nothing, waiting: 5 });

    const gates = sent.map(() => Promise.withResolvers<"fail" | "reject" | "end">());
    let started = 0;
    const collector = await context.collect(pubsub, subscription, {
      prefetch: 0,
      async handle({ attempt }) {
        if (attempt > 1) return;
        const how = await gates[(started += 1) - 1]?.promise;
        if (how === "fail") throw new Error("later");
        if (how === "reject") throw new Reject("never");
      },
    });
    await collector.starts(2);
    await expectNumbers("while two are handled", { ...nothing, waiting: 3, inFlight: 2 });
    await expectAge(context, pubsub, subscription, { min: monotonicMs() - storedMs, sinceMs: beforeMs });

    gates[0]?.resolve("fail");
    gates[1]?.resolve("reject");
    await collector.starts(4);
    await expectNumbers("when one waits for its retry and one is dead", {
      waiting: 1,
      inFlight: 2,
      delayed: 1,
      deadLetters: 1,
    });

    for (const gate of gates) gate.resolve("end");
    await context.eventually(
      () => collector.completed.length === 4,
      "four to be completed",
      delayMs + context.deliveryMs,
    );
    await expectNumbers("at the end", { ...nothing, deadLetters: 1 });
    await expectAge(context, pubsub, subscription, { max: 0 });

    const missing = context.subscription(context.topic());
    if (!knowsNothing(context.capabilities)) {
      await rejects(pubsub.stats(missing), "NOT_FOUND", "statistics of a subscription that does not exist");
      check((await pubsub.plan([missing])).length > 0, "stats() to create nothing");
    }
  },
});

/** Waits until what is known has these values, at once where it is exact; what is unknown must always be undefined. */
async function numbersBecome(
  context: Context,
  pubsub: PubSub,
  subscription: Subscription<Item>,
  what: string,
  numbers: Counts,
): Promise<void> {
  const { statistics: known } = context.capabilities;
  // Where the broker does not tell who is delayed, these are in flight.
  const expected = known.delayed === "unknown" ? { ...numbers, inFlight: numbers.inFlight + numbers.delayed } : numbers;
  const fields = (Object.keys(expected) as (keyof Counts)[]).filter((field) => known[field] !== "unknown");
  let last: SubscriptionStatistics | undefined;
  const read = async (): Promise<SubscriptionStatistics> => (last = await readStats(context, pubsub, subscription));
  // Told when the handler has started or the publish has resolved, which may be before the broker hears of a settle.
  await context.eventually(
    async () => {
      const now = await read();
      return fields.every((field) => now[field] === expected[field]);
    },
    () => `statistics ${what} to be ${JSON.stringify(expected)}, got ${JSON.stringify(last)}`,
  );
  const stays = await read();
  for (const field of fields) if (known[field] === "exact") equal(stays[field], expected[field], `${field} ${what}`);
}

/** The age of the oldest message, where it is known. */
async function expectAge(
  context: Context,
  pubsub: PubSub,
  subscription: Subscription<Item>,
  bounds: { readonly min?: number; readonly max?: number; readonly sinceMs?: number },
): Promise<void> {
  const { oldestAgeMs } = await readStats(context, pubsub, subscription);
  if (oldestAgeMs === undefined) return;
  // An approximate age compares the clocks of two machines.
  const slackMs = context.capabilities.statistics.oldestAgeMs === "exact" ? 5 : 1000;
  const { min = 0, sinceMs, max = sinceMs === undefined ? Infinity : monotonicMs() - sinceMs } = bounds;
  within(oldestAgeMs, { min: min - slackMs, max: max + (max === 0 ? 0 : slackMs) }, "oldestAgeMs");
}

async function readStats(
  context: Context,
  pubsub: PubSub,
  subscription: Subscription<Item>,
): Promise<SubscriptionStatistics> {
  const read = await pubsub.stats(subscription, { signal: context.signal });
  equal(Object.keys(read).toSorted(), FIELDS.toSorted(), "the fields of the statistics");
  const { statistics: known } = context.capabilities;
  for (const field of FIELDS) {
    const value = read[field];
    if (known[field] === "unknown") equal(value, undefined, `${field}, which the broker does not tell,`);
    else check(typeof value === "number" && value >= 0, `${field} to be a number from 0 up, got ${value}`);
  }
  return read;
}

function knowsNothing({ statistics }: Capabilities): boolean {
  return FIELDS.every((field) => statistics[field] === "unknown");
}

export const statsOrdered: Behaviour = behaviour({
  id: "observe.stats-ordered",
  rows: [46],
  statements: ["C30"],
  title: "stats() counts every message of an ordering key, also those that wait for an earlier one",
  tier: "full",
  requires: ({ ordering }) => (ordering === "none" ? 'ordering "none": refused, see ordering.refused' : undefined),
  async run(context) {
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic);
    await pubsub.apply([topic, subscription]);
    await context.publish(pubsub, topic, 3);
    const gate = Promise.withResolvers<void>();
    const collector = await context.collect(pubsub, subscription, { handle: () => gate.promise });
    await collector.starts(1);
    const { waiting: w, inFlight: f } = context.capabilities.statistics;
    const countsAll = w !== "unknown" && f !== "unknown";
    const total = async (): Promise<number> => {
      const { waiting = 0, inFlight = 0, delayed = 0 } = await readStats(context, pubsub, subscription);
      return waiting + inFlight + delayed;
    };
    let last = -1;
    const becomes = (count: number): Promise<unknown> =>
      context.eventually(
        async () => (last = await total()) === count,
        () => `statistics to count ${count} messages, got ${last}`,
      );
    if (countsAll) await becomes(3);
    gate.resolve();
    await context.eventually(() => collector.completed.length === 3, "three to be completed");
    await becomes(0);
  },
});
