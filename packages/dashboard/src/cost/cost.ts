import type { ListPrices, Price, PriceName } from "./prices.ts";

/** What a part of the bill is for. */
export type CostKind =
  | "publish"
  | "publish payload"
  | "fan-out"
  | "fan-out payload"
  | "sends to queues"
  | "receive"
  | "empty polls"
  | "acknowledge"
  | "retry delays"
  | "lease renewals"
  | "delivery"
  | "retention"
  | "free tier";

/** One line of the bill. */
export interface CostItem {
  readonly kind: CostKind;
  /** `undefined`: it belongs to the topic. */
  readonly subscription: string | undefined;
  readonly quantity: number;
  readonly unit: Price["unit"];
  readonly priceName: PriceName;
  /** In the currency of the prices, each month. */
  readonly monthly: number;
  /** How the quantity comes about, in words and numbers. */
  readonly explanation: string;
}

export interface TopicCost {
  readonly topic: string;
  readonly monthly: number;
  readonly items: readonly CostItem[];
}

/** An item without its price. */
export type Counted = Omit<CostItem, "unit" | "monthly">;

export function priced({ prices }: ListPrices, counted: Counted): CostItem {
  const { price, per, unit } = prices[counted.priceName];
  return { ...counted, unit, monthly: (counted.quantity / per) * price };
}

export function sumOf(items: readonly { readonly monthly: number }[]): number {
  return items.reduce((sum, { monthly }) => sum + monthly, 0);
}
