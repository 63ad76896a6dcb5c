import type { CostItem } from "./cost.ts";
import { type ListPrices, PRICE_NAMES, type PriceName } from "./prices.ts";

/** Prices that share one free amount: the first million requests to SQS are free, whatever the queues are. */
const SHARED: Readonly<Partial<Record<PriceName, PriceName>>> = { "sqs-fifo": "sqs-standard" };

/** What is free of these items, as one item with a negative sum for each price. The free amount goes to the dearest first: that is the most it can save. */
export function freeItems(
  items: readonly Pick<CostItem, "priceName" | "quantity">[],
  list: ListPrices,
): readonly CostItem[] {
  const left = new Map(PRICE_NAMES.map((name) => [name, list.prices[name].free]));
  const dearestFirst = PRICE_NAMES.toSorted((a, b) => unitPrice(list, b) - unitPrice(list, a));
  return dearestFirst.flatMap((priceName) => {
    const pool = SHARED[priceName] ?? priceName;
    const used = items.filter((item) => item.priceName === priceName).reduce((sum, { quantity }) => sum + quantity, 0);
    const quantity = Math.min(used, left.get(pool) ?? 0);
    if (quantity === 0) return [];
    left.set(pool, (left.get(pool) ?? 0) - quantity);
    const { unit } = list.prices[priceName];
    return [
      {
        kind: "free tier" as const,
        subscription: undefined,
        quantity: -quantity,
        unit,
        priceName,
        monthly: -quantity * unitPrice(list, priceName),
        explanation: "free each month, once for a whole account",
      },
    ];
  });
}

function unitPrice({ prices }: ListPrices, name: PriceName): number {
  return prices[name].price / prices[name].per;
}
