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

/** What one topic costs each month. */
export interface TopicCost {
  readonly topic: string;
  readonly monthly: number;
  readonly items: readonly CostItem[];
}

/** An item without its price. Its explanation is only written when somebody will read it. */
export interface Counted extends Pick<CostItem, "kind" | "subscription" | "quantity" | "priceName"> {
  readonly explain: () => string;
}

export function priced(list: ListPrices, counted: Counted): CostItem {
  const { explain, ...item } = counted;
  const { unit } = list.prices[item.priceName];
  return {
    ...item,
    unit,
    monthly: monthlyOf(list, item),
    // Few of them are read, and to write all of them costs more than all calculation.
    get explanation() {
      return explain();
    },
  };
}

export function monthlyOf(
  { prices }: ListPrices,
  { priceName, quantity }: Pick<CostItem, "priceName" | "quantity">,
): number {
  const { price, per } = prices[priceName];
  return (quantity / per) * price;
}

export function sumOf(items: readonly { readonly monthly: number }[]): number {
  return items.reduce((sum, { monthly }) => sum + monthly, 0);
}
