import prices from "./list-prices.json" with { type: "json" };
import type { ListPrices } from "./prices.ts";

/** The prices that come with this package. They have a date: prices change. A test checks the file, so that the page need not carry the checks. */
export const LIST_PRICES: ListPrices = prices as ListPrices;
