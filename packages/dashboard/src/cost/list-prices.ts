import { checkedPrices } from "./check-prices.ts";
import prices from "./list-prices.json" with { type: "json" };
import type { ListPrices } from "./prices.ts";

/** The prices that come with this package. They have a date: prices change. */
export const LIST_PRICES: ListPrices = checkedPrices(prices);
