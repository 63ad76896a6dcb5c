import type { CostLoad, SubscriptionLoad, TopicLoad } from "../../src/cost/index.ts";

export const DAY_MS = 86_400_000;

export function subscriptionOf(some: Partial<SubscriptionLoad> = {}): SubscriptionLoad {
  return {
    name: "welcome",
    retriesPerMessage: 0,
    workers: 1,
    handlingMs: 100,
    ackDeadlineMs: 30_000,
    passes: 1,
    fill: undefined,
    ...some,
  };
}

export function topicOf(some: Partial<TopicLoad> = {}): TopicLoad {
  return {
    name: "signups",
    messagesPerMonth: 1_000_000,
    bytes: 1024,
    attributes: 0,
    attributeBytes: 0,
    orderingKeyBytes: 36,
    ordered: false,
    exactlyOnce: false,
    isText: true,
    replay: false,
    retentionMs: 7 * DAY_MS,
    activeHoursPerDay: 24,
    publishers: 1,
    fill: undefined,
    subscriptions: [subscriptionOf()],
    ...some,
  };
}

export function loadOf(topics: readonly TopicLoad[], some: Partial<CostLoad> = {}): CostLoad {
  return { topics, monthly: {}, freeTiers: false, snsSendsCount: false, ...some };
}

/** 10 M messages of 1 KiB, three subscriptions, `fill` in each request: the example of docs/guides/cost.md. */
export function guideLoad(fill: number | undefined, some: Partial<CostLoad> = {}): CostLoad {
  const subscriptions = ["billing", "mail", "search"].map((name) => subscriptionOf({ name, fill }));
  return loadOf([topicOf({ name: "orders", messagesPerMonth: 10_000_000, fill, subscriptions })], some);
}

/** A random load, the same for the same seed. */
export function randomLoad(seed: number): CostLoad {
  const random = randomOf(seed);
  const between = (min: number, max: number): number => min + random() * (max - min);
  const topics = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) =>
    topicOf({
      name: `topic-${index}`,
      messagesPerMonth: Math.round(10 ** between(0, 10)),
      bytes: Math.round(10 ** between(0, 5)),
      attributes: Math.floor(between(0, 9)),
      attributeBytes: Math.round(between(0, 300)),
      ordered: random() < 0.3,
      exactlyOnce: random() < 0.3,
      isText: random() < 0.7,
      replay: random() < 0.3,
      activeHoursPerDay: between(0.5, 24),
      publishers: Math.ceil(between(0, 20)),
      fill: random() < 0.5 ? undefined : between(1, 10),
      subscriptions: Array.from({ length: Math.floor(between(0, 4)) }, (_, at) =>
        subscriptionOf({
          name: `subscription-${at}`,
          retriesPerMessage: random() < 0.5 ? 0 : between(0, 3),
          workers: Math.ceil(between(0, 10)),
          handlingMs: 10 ** between(0, 6),
          ackDeadlineMs: Math.round(between(1000, 600_000)),
          passes: random() < 0.7 ? 1 : random(),
          fill: random() < 0.5 ? undefined : between(1, 10),
        }),
      ),
    }),
  );
  return loadOf(topics, { snsSendsCount: random() < 0.3 });
}

/** mulberry32: 32 bits of state are enough for tests. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
