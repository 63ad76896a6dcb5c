import type { AnySubscription, AnyTopic } from "@anytopic/core";
import { importPackage } from "./import-package.ts";

// This program does not depend on that package: the application installs it. Here is what it uses of it.

export interface DeclaredTopic {
  readonly name: string;
  readonly subscriptions: readonly { readonly name: string; readonly filtered: boolean }[];
}

export type Figures = Readonly<Record<string, number>>;

export interface CostItem {
  readonly kind: string;
  readonly subscription: string | undefined;
  readonly quantity: number;
  readonly unit: string;
  readonly priceName: string;
  readonly monthly: number;
  readonly explanation: string;
}

export interface BrokerCost {
  readonly broker: string;
  readonly monthly: number | undefined;
  readonly topics: readonly { readonly topic: string; readonly monthly: number; readonly items: readonly CostItem[] }[];
  readonly free: readonly CostItem[];
  readonly refused: string | undefined;
  readonly idle: number;
  readonly retries: number;
  readonly unbatched: number | undefined;
  readonly fullBatches: number | undefined;
}

export interface CostComparison {
  readonly brokers: readonly BrokerCost[];
  readonly cheapest: string | undefined;
}

export interface Price {
  readonly price: number;
  readonly per: number;
  readonly unit: string;
  readonly rule: string;
  readonly verified: string;
  readonly source: string;
  readonly seen: string;
}

export interface ListPrices {
  readonly date: string;
  readonly currency: string;
  readonly region: string;
  readonly prices: Readonly<Record<string, Price>>;
}

export interface MeasuredTopic {
  readonly topic: string;
  readonly messages: number;
  readonly bytes: number | undefined;
  readonly attributes: number | undefined;
  readonly attributeBytes: number | undefined;
}

export interface MeasuredLoad {
  readonly measuredMs: number;
  readonly topics: readonly MeasuredTopic[];
  readonly subscriptions: readonly never[];
}

/** The model: figures in, sums out. */
export interface CostPackage {
  readonly ASSUMPTIONS: Readonly<Record<string, readonly string[]>>;
  readonly LIST_PRICES: ListPrices;
  readonly FIGURE_LIMITS: Readonly<Record<string, object>>;
  readonly MONTHLY_BROKERS: readonly string[];
  checkedPrices(json: unknown, base: ListPrices): ListPrices;
  compareCosts(load: object, list: ListPrices): CostComparison;
  declaredTopics(topics: readonly AnyTopic[], subscriptions: readonly AnySubscription[]): readonly DeclaredTopic[];
  figureProblem(name: string, value: unknown): string | undefined;
  measuredFigures(measured: MeasuredLoad, topic: string): Partial<Record<string, number | undefined>> | undefined;
  messagesOfRate(perSecond: number, activeHoursPerDay: number): number;
  topicLoad(declared: DeclaredTopic, figures: object, ofSubscription: (name: string) => object): object;
}

/** @throws UsageError when it is not installed */
export async function importCostPackage(): Promise<CostPackage> {
  return (await importPackage("@anytopic/dashboard/cost")) as CostPackage;
}
