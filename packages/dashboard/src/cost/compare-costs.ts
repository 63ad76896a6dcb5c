import { awsTopicItems } from "./aws-cost.ts";
import { type CostItem, type Counted, monthlyOf, priced, sumOf, type TopicCost } from "./cost.ts";
import { freeItems } from "./free-tier.ts";
import { gcpTopicItems } from "./gcp-cost.ts";
import { type CostLoad, MONTHLY_BROKERS, type MonthlyBroker, type TopicLoad } from "./load.ts";
import type { ListPrices } from "./prices.ts";

/** A broker whose cost can be compared. */
export type BrokerName = "aws" | "gcp" | MonthlyBroker;

/** What one broker costs in a month. */
export interface BrokerCost {
  readonly broker: BrokerName;
  /** `undefined`: nobody has said what it costs. */
  readonly monthly: number | undefined;
  /** Of a calculated broker: the parts. A monthly sum has none. */
  readonly topics: readonly TopicCost[];
  /** What is free, as negative sums. */
  readonly free: readonly CostItem[];
  /** Why it cannot carry this load; `undefined` when it can. */
  readonly refused: string | undefined;
  /** Of the sum: empty polls of workers that wait. */
  readonly idle: number;
  /** Of the sum: what there would not be if no message were retried. */
  readonly retries: number;
  /** What it would cost with one message in each request. */
  readonly unbatched: number | undefined;
  /** What it would cost with the largest batches. */
  readonly fullBatches: number | undefined;
}

/** What a load costs on each broker. */
export interface CostComparison {
  readonly brokers: readonly BrokerCost[];
  /** Of those that can carry the load and whose cost is known. */
  readonly cheapest: BrokerName | undefined;
}

const FULL_FILL = 10;

/** What a load costs on each broker, by these prices. Pure: contacts nobody, and runs in a browser. */
export function compareCosts(load: CostLoad, list: ListPrices): CostComparison {
  const calculated = (["aws", "gcp"] as const).map((broker) => calculatedCost(broker, load, list));
  const given = MONTHLY_BROKERS.map((broker) => givenCost(broker, load));
  const brokers = [...calculated, ...given];
  const known = brokers.filter(({ monthly, refused }) => monthly !== undefined && refused === undefined);
  const [first] = known.toSorted((a, b) => (a.monthly ?? 0) - (b.monthly ?? 0));
  return { brokers, cheapest: first?.broker };
}

function calculatedCost(broker: "aws" | "gcp", load: CostLoad, list: ListPrices): BrokerCost {
  const itemsOf = (topic: TopicLoad): readonly Counted[] =>
    broker === "aws" ? awsTopicItems(topic, load) : gcpTopicItems(topic);
  const freeOf = (items: readonly Pick<Counted, "priceName" | "quantity">[]): readonly CostItem[] =>
    load.freeTiers ? freeItems(items, list) : [];
  const sumWith = (change: (topic: TopicLoad) => TopicLoad): number => {
    const items = load.topics.flatMap((topic) => itemsOf(change(topic)));
    return items.reduce((sum, item) => sum + monthlyOf(list, item), 0) + sumOf(freeOf(items));
  };

  const topics = load.topics.map((topic) => {
    const items = itemsOf(topic).map((item) => priced(list, item));
    return { topic: topic.name, items, monthly: sumOf(items) };
  });
  const items = topics.flatMap((topic) => topic.items);
  const free = freeOf(items);
  const monthly = sumOf(topics) + sumOf(free);
  return {
    broker,
    monthly,
    topics,
    free,
    refused: broker === "aws" ? refusedByAws(load) : undefined,
    idle: sumOf(items.filter(({ kind }) => kind === "empty polls")),
    retries: Math.max(0, monthly - sumWith(unretried)),
    unbatched: sumWith((topic) => filled(topic, 1)),
    fullBatches: sumWith((topic) => filled(topic, FULL_FILL)),
  };
}

function givenCost(broker: MonthlyBroker, { monthly }: CostLoad): BrokerCost {
  const none = { topics: [], free: [], refused: undefined, idle: 0, retries: 0 };
  return { broker, monthly: monthly[broker], ...none, unbatched: undefined, fullBatches: undefined };
}

function refusedByAws({ topics }: CostLoad): string | undefined {
  const replayed = topics.filter(({ replay }) => replay).map(({ name }) => name);
  return replayed.length === 0
    ? undefined
    : `SNS and SQS cannot replay messages, which is declared for ${replayed.join(", ")}`;
}

function unretried(topic: TopicLoad): TopicLoad {
  return { ...topic, subscriptions: topic.subscriptions.map((one) => ({ ...one, retriesPerMessage: 0 })) };
}

function filled(topic: TopicLoad, fill: number): TopicLoad {
  return { ...topic, fill, subscriptions: topic.subscriptions.map((one) => ({ ...one, fill })) };
}
