import { describe, expect, test } from "vitest";
import {
  type BrokerName,
  compareCosts,
  type CostLoad,
  LIST_PRICES,
  type SubscriptionLoad,
  type TopicLoad,
} from "../../src/cost/index.ts";
import { randomLoad } from "./loads.ts";

const SEEDS = Array.from({ length: 400 }, (_, index) => index + 1);
/** Sums of many products differ in their last digits. */
const TOLERANCE = 1 + 1e-9;

function monthlyOf(load: CostLoad, broker: BrokerName): number {
  const found = compareCosts(load, LIST_PRICES).brokers.find((one) => one.broker === broker);
  if (found?.monthly === undefined) throw new Error(`nothing is known of ${broker}`);
  return found.monthly;
}

const changed = (load: CostLoad, change: (topic: TopicLoad) => Partial<TopicLoad>): CostLoad => ({
  ...load,
  topics: load.topics.map((topic) => ({ ...topic, ...change(topic) })),
});

const changedSubscriptions = (load: CostLoad, change: (one: SubscriptionLoad) => Partial<SubscriptionLoad>): CostLoad =>
  changed(load, ({ subscriptions }) => ({ subscriptions: subscriptions.map((one) => ({ ...one, ...change(one) })) }));

describe.for(["aws", "gcp"] as const)("%s", (broker) => {
  /** Calls out the first load for which `more` costs less than `less`. */
  function expectNeverCheaper(less: (load: CostLoad) => CostLoad, more: (load: CostLoad) => CostLoad): void {
    const cheaper = SEEDS.filter((seed) => {
      const load = randomLoad(seed);
      return monthlyOf(more(load), broker) * TOLERANCE < monthlyOf(less(load), broker);
    });
    expect(cheaper).toEqual([]);
  }
  const same = (load: CostLoad): CostLoad => load;

  test("more messages never cost less", () => {
    for (const factor of [1.01, 1.7, 30]) {
      expectNeverCheaper(same, (load) =>
        changed(load, ({ messagesPerMonth: count }) => ({ messagesPerMonth: count * factor })),
      );
    }
  });

  test("larger messages never cost less", () => {
    expectNeverCheaper(same, (load) => changed(load, ({ bytes }) => ({ bytes: bytes + 700 })));
  });

  test("batching never costs more than none", () => {
    const filled = (fill: number) => (load: CostLoad) =>
      changedSubscriptions(
        changed(load, () => ({ fill })),
        () => ({ fill }),
      );
    for (const fill of [1.3, 2, 5.5, 10]) expectNeverCheaper(filled(fill), filled(1));
    const estimated = (load: CostLoad): CostLoad =>
      changedSubscriptions(
        changed(load, () => ({ fill: undefined })),
        () => ({ fill: undefined }),
      );
    expectNeverCheaper(estimated, filled(1));
  });

  test("retries, slower handlers and one more subscription never cost less", () => {
    const grown: ((load: CostLoad) => CostLoad)[] = [
      (load) => changedSubscriptions(load, ({ retriesPerMessage: count }) => ({ retriesPerMessage: count + 0.3 })),
      (load) => changedSubscriptions(load, ({ handlingMs }) => ({ handlingMs: handlingMs * 3 })),
      (load) => changed(load, ({ subscriptions: all }) => ({ subscriptions: [...all, ...all.slice(0, 1)] })),
    ];
    for (const more of grown) expectNeverCheaper(same, more);
  });

  test("more workers never cost less", () => {
    // Of small messages: two requests of 40 KiB each count less than one of 80 KiB and one of 40.
    const small = (load: CostLoad): CostLoad => changed(load, ({ bytes }) => ({ bytes: Math.min(bytes, 4000) }));
    expectNeverCheaper(small, (load) => changedSubscriptions(small(load), ({ workers }) => ({ workers: workers + 1 })));
  });

  test("a free tier never costs more, and never pays anything out", () => {
    expectNeverCheaper((load) => ({ ...load, freeTiers: true }), same);
    for (const seed of SEEDS) {
      expect(monthlyOf({ ...randomLoad(seed), freeTiers: true }, broker)).toBeGreaterThanOrEqual(-1e-9);
    }
  });

  test("every sum is that of its items, and every number can be used", () => {
    for (const seed of SEEDS) {
      const cost = compareCosts(randomLoad(seed), LIST_PRICES).brokers.find((one) => one.broker === broker);
      const items = cost?.topics.flatMap((topic) => topic.items) ?? [];
      const sum = items.reduce((total, { monthly }) => total + monthly, 0);
      expect(Math.abs(sum - (cost?.monthly ?? 0))).toBeLessThanOrEqual(1e-9 * (1 + sum));
      const odd = items.filter(
        ({ monthly, quantity }) => !(monthly >= 0 && quantity >= 0 && Number.isFinite(quantity)),
      );
      expect(odd).toEqual([]);
    }
  });
});
