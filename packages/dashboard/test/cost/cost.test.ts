import { describe, expect, test } from "vitest";
import {
  type BrokerCost,
  type BrokerName,
  compareCosts,
  type CostKind,
  type CostLoad,
  LIST_PRICES,
} from "../../src/cost/index.ts";
import { guideLoad, loadOf, subscriptionOf, topicOf } from "./loads.ts";

// The expected sums are calculated by hand, from the price pages and the rules of docs/guides/cost.md.

function costOf(load: CostLoad, broker: BrokerName): BrokerCost {
  const found = compareCosts(load, LIST_PRICES).brokers.find((one) => one.broker === broker);
  if (found === undefined) throw new Error(`no ${broker}`);
  return found;
}

function sumOfKind(cost: BrokerCost, kind: CostKind): number {
  const items = cost.topics.flatMap(({ items }) => items).filter((item) => item.kind === kind);
  return items.reduce((sum, { monthly }) => sum + monthly, 0);
}

describe("SNS and SQS", () => {
  test("10 M messages of 1 KiB for three subscriptions cost 2.90 with batches of ten, and 29.00 without", () => {
    const full = costOf(guideLoad(10), "aws");
    expect(sumOfKind(full, "publish")).toBeCloseTo(0.5, 6);
    expect(sumOfKind(full, "receive")).toBeCloseTo(1.2, 6);
    expect(sumOfKind(full, "acknowledge")).toBeCloseTo(1.2, 6);
    expect(full.monthly).toBeCloseTo(2.9, 2);
    expect(costOf(guideLoad(1), "aws").monthly).toBeCloseTo(29, 2);
    expect(full.unbatched).toBeCloseTo(29, 2);
    expect(costOf(guideLoad(undefined), "aws").fullBatches).toBeCloseTo(2.9, 2);
  });

  test("the first million requests to each of SNS and SQS are free, on request", () => {
    const load = guideLoad(10, { freeTiers: true });
    expect(costOf(load, "aws").monthly).toBeCloseTo(2, 2);
  });

  test("standard and FIFO queues share the free million, and the dearer requests take it first", () => {
    // 600,000 answers and acknowledgements of each kind: a million of 1.2 M FIFO, the rest and all standard ones are paid.
    const subscriptions = [subscriptionOf({ fill: 1 })];
    const standard = topicOf({ messagesPerMonth: 600_000, fill: 1, subscriptions });
    const load = loadOf([standard, { ...standard, name: "fifo", ordered: true }], { freeTiers: true });
    const free = costOf(load, "aws").free.filter(({ priceName }) => priceName.startsWith("sqs"));
    expect(free.map(({ priceName, quantity }) => [priceName, quantity])).toEqual([["sqs-fifo", -1_000_000]]);
  });

  test("a worker that waits makes 129,600 polls a month", () => {
    const idle = topicOf({ messagesPerMonth: 0, subscriptions: [subscriptionOf({ workers: 2 })] });
    const { monthly, idle: ofIdle, topics } = costOf(loadOf([idle]), "aws");
    const polls = topics[0]?.items.find(({ kind }) => kind === "empty polls");
    expect(polls?.quantity).toBe(259_200);
    expect(monthly).toBeCloseTo(0.10368, 6);
    expect(ofIdle).toBeCloseTo(0.10368, 6);
  });

  test("polls of a worker with a message every ten seconds: 63,157 end empty", () => {
    // 259,200 answers a month; with 0.1 a second, e^-2 of the polls end after 20 s without one: 259,200 / (e² - 1) × …
    const load = loadOf([topicOf({ messagesPerMonth: 259_200, subscriptions: [subscriptionOf({ fill: 1 })] })]);
    const polls = costOf(load, "aws").topics[0]?.items.find(({ kind }) => kind === "empty polls");
    expect(polls?.quantity).toBeCloseTo(259_200 / (Math.E ** 2 - 1), 3);
  });

  test("ordered topics are FIFO: other prices, and fan-out costs too", () => {
    // 944 + 80 bytes = 1 KiB, so 1 M messages are 0.953674 GB.
    const subscriptions = [subscriptionOf({ name: "a", fill: 10 }), subscriptionOf({ name: "b", fill: 10 })];
    const cost = costOf(loadOf([topicOf({ ordered: true, bytes: 944, fill: 10, subscriptions })]), "aws");
    expect(sumOfKind(cost, "publish")).toBeCloseTo(0.03, 6);
    expect(sumOfKind(cost, "publish payload")).toBeCloseTo(0.953674 * 0.017, 6);
    expect(sumOfKind(cost, "fan-out")).toBeCloseTo(0.02, 6);
    expect(sumOfKind(cost, "fan-out payload")).toBeCloseTo(2 * 0.953674 * 0.001, 6);
    expect(sumOfKind(cost, "receive")).toBeCloseTo(0.1, 6);
    expect(sumOfKind(cost, "acknowledge")).toBeCloseTo(0.1, 6);
  });

  test("each begun 64 KiB of a request counts, and two messages of 100 KiB fill a batch of 256 KiB", () => {
    const subscriptions = [subscriptionOf({ fill: 10 })];
    const cost = costOf(loadOf([topicOf({ bytes: 102_400, fill: 10, subscriptions })]), "aws");
    // Two messages in a publish: 200 KiB, 4 chunks. Ten in an answer: 1,000.8 KiB, 16 chunks.
    expect(sumOfKind(cost, "publish")).toBeCloseTo(0.5 * (1 / 2) * 4, 6);
    expect(sumOfKind(cost, "receive")).toBeCloseTo(0.4 * (1 / 10) * 16, 6);
    expect(sumOfKind(cost, "acknowledge")).toBeCloseTo(0.4 / 10, 6);
  });

  test("a retry is one more receipt and one change of visibility", () => {
    const subscriptions = [subscriptionOf({ fill: 10, retriesPerMessage: 0.5 })];
    const cost = costOf(loadOf([topicOf({ fill: 10, subscriptions })]), "aws");
    expect(sumOfKind(cost, "receive")).toBeCloseTo(0.4 * 0.15, 6);
    expect(sumOfKind(cost, "retry delays")).toBeCloseTo(0.4 * 0.05, 6);
    // Fewer empty polls, because there are more answers.
    expect(cost.retries).toBeGreaterThan(0);
    expect(cost.retries).toBeLessThan(0.4 * 0.1);
  });

  test("a handler of a minute renews a lease of 30 s five times", () => {
    // From three tenths of the lease on, every third of it: (60 - 9) / 10. 19.7 are renewed together, so batches are full.
    const cost = costOf(loadOf([topicOf({ subscriptions: [subscriptionOf({ handlingMs: 60_000 })] })]), "aws");
    expect(sumOfKind(cost, "lease renewals")).toBeCloseTo((5.1 / 10) * 0.4, 6);
    const fast = costOf(loadOf([topicOf({ subscriptions: [subscriptionOf({ handlingMs: 9000 })] })]), "aws");
    expect(sumOfKind(fast, "lease renewals")).toBe(0);
  });

  test("what a filter holds back reaches no queue", () => {
    const subscriptions = [subscriptionOf({ fill: 10, passes: 0.25 })];
    const cost = costOf(loadOf([topicOf({ fill: 10, subscriptions })]), "aws");
    expect(sumOfKind(cost, "receive")).toBeCloseTo(0.4 * 0.025, 6);
    expect(sumOfKind(cost, "publish")).toBeCloseTo(0.05, 6);
  });

  test("what SNS sends to SQS counts on request", () => {
    expect(sumOfKind(costOf(guideLoad(10), "aws"), "sends to queues")).toBe(0);
    const cost = costOf(guideLoad(10, { snsSendsCount: true }), "aws");
    expect(sumOfKind(cost, "sends to queues")).toBeCloseTo(12, 6);
  });

  test("a topic with replay cannot be there, so it is never the cheapest", () => {
    const comparison = compareCosts(
      loadOf([topicOf({ replay: true, messagesPerMonth: 1, subscriptions: [] })]),
      LIST_PRICES,
    );
    const [aws] = comparison.brokers;
    expect(aws?.refused).toBe("SNS and SQS cannot replay messages, which is declared for signups");
    expect(comparison.cheapest).toBe("gcp");
  });
});

describe("Google Cloud Pub/Sub", () => {
  test("10 M messages of 1,124 bytes, delivered three times, are 41.87 GiB: 1.64, and 1.25 with the free tier", () => {
    const load = guideLoad(undefined);
    const topics = load.topics.map((topic) => ({ ...topic, bytes: 1124 - 84 }));
    expect(costOf({ ...load, topics }, "gcp").monthly).toBeCloseTo(1.6356, 4);
    expect(costOf({ ...load, topics, freeTiers: true }, "gcp").monthly).toBeCloseTo(1.245, 3);
  });

  test("a request counts at least 1,000 bytes, so small messages are cheaper in batches", () => {
    const subscriptions = [subscriptionOf({ fill: 10 })];
    // 116 + 84 bytes = 200.
    const single = costOf(loadOf([topicOf({ bytes: 116, fill: 1, subscriptions: [] })]), "gcp");
    expect(single.monthly).toBeCloseTo((1e9 / 2 ** 40) * 40, 6);
    const batched = costOf(loadOf([topicOf({ bytes: 116, fill: 10, subscriptions })]), "gcp");
    expect(batched.monthly).toBeCloseTo((0.4e9 / 2 ** 40) * 40, 6);
  });

  test("with an ordering key each message is a request, and the key counts", () => {
    const topic = topicOf({ bytes: 100, ordered: true, orderingKeyBytes: 16, fill: 10, subscriptions: [] });
    expect(costOf(loadOf([topic]), "gcp").monthly).toBeCloseTo((1e9 / 2 ** 40) * 40, 6);
  });

  test("replay keeps each message for its retention, for each subscription", () => {
    const subscriptions = [subscriptionOf({ name: "a" }), subscriptionOf({ name: "b" })];
    const cost = costOf(loadOf([topicOf({ bytes: 916, replay: true, subscriptions })]), "gcp");
    expect(sumOfKind(cost, "retention")).toBeCloseTo(2 * ((1e9 * 7) / 30 / 2 ** 30) * 0.27, 6);
  });

  test("a filter saves no delivery", () => {
    const all = costOf(loadOf([topicOf()]), "gcp").monthly;
    expect(costOf(loadOf([topicOf({ subscriptions: [subscriptionOf({ passes: 0.1 })] })]), "gcp").monthly).toBe(all);
  });
});

describe("brokers that are paid by the month", () => {
  test("cost what is given, and nothing is known otherwise", () => {
    const load = guideLoad(10, { monthly: { nats: 0.5 } });
    expect(costOf(load, "nats").monthly).toBe(0.5);
    expect(costOf(load, "redis").monthly).toBeUndefined();
    expect(compareCosts(load, LIST_PRICES).cheapest).toBe("nats");
  });
});
