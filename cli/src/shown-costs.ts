import type { BrokerCost, CostComparison, CostItem, CostPackage, ListPrices } from "./cost-package.ts";
import { table } from "./output.ts";

/** For people: the brokers side by side, and what each topic costs. */
export function shownCosts(
  { brokers, cheapest }: CostComparison,
  { date, currency, region, prices }: ListPrices,
): string {
  const rows = brokers.map((one) => [
    one.broker,
    money(one.monthly),
    money(one.topics.length === 0 ? undefined : one.idle),
    money(one.topics.length === 0 ? undefined : one.retries),
    money(one.unbatched),
    money(one.fullBatches),
    remark(one, cheapest),
  ]);
  const header = ["BROKER", "MONTHLY", "IDLE", "RETRIES", "UNBATCHED", "FULL BATCHES", ""];
  const parts = [
    `List prices of ${date} in ${currency}: ${region}. A month has 30 days.`,
    numbersRight(header, rows, [1, 2, 3, 4, 5]),
    ...topicTable(brokers),
    ...savings(brokers, currency),
    ...unverified(brokers, prices),
  ];
  return parts.join("\n\n");
}

/** The lines of the bill with their reasons, the prices, and what is taken for granted. */
export function shownExplanation(
  { brokers }: CostComparison,
  { prices }: ListPrices,
  { ASSUMPTIONS }: Pick<CostPackage, "ASSUMPTIONS">,
): string {
  const lines = brokers.flatMap(({ broker, topics, free }) => {
    const items = topics.flatMap(({ topic, items }) => items.map((item) => [topic, item] as const));
    const all = [...items, ...free.map((item) => ["", item] as const)].filter(([, { quantity }]) => quantity !== 0);
    if (all.length === 0) return [];
    const rows = all.map(([topic, item]) => [nameOf(topic, item), item.kind, money(item.monthly), item.explanation]);
    return [numbersRight([broker.toUpperCase(), "ITEM", "MONTHLY", "BECAUSE"], rows, [2])];
  });
  const used = usedPrices(brokers);
  const priceLines = Object.entries(prices)
    .filter(([name]) => used.has(name))
    .map(([name, { price, per, unit, rule, verified, source, seen }]) => {
      return `- ${name}: ${price} for ${per.toLocaleString("en-US")} ${unit} (${verified})\n  ${rule}\n  ${source}; seen: ${seen}`;
    });
  const calculated = brokers.filter(({ topics }) => topics.length > 0).map(({ broker }) => broker);
  const taken = ["all", ...calculated].map((name) => {
    const title = name === "all" ? "Taken for granted" : `Taken for granted on ${name}`;
    return `${title}:\n${(ASSUMPTIONS[name] ?? []).map((text) => `- ${text}`).join("\n")}`;
  });
  return [...lines, `Prices:\n${priceLines.join("\n")}`, ...taken].join("\n\n");
}

/** `12.34`; `<0.01` for what is more than nothing; a dash for what nobody knows. */
export function money(amount: number | undefined): string {
  if (amount === undefined) return "-";
  if (amount > 0 && amount < 0.005) return "<0.01";
  return amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function remark({ broker, monthly, refused }: BrokerCost, cheapest: string | undefined): string {
  if (refused !== undefined) return `cannot: ${refused}`;
  if (monthly === undefined) return `paid by the month: --monthly ${broker}=SUM`;
  return broker === cheapest ? "cheapest" : "";
}

function topicTable(brokers: readonly BrokerCost[]): readonly string[] {
  const calculated = brokers.filter(({ topics }) => topics.length > 0);
  const names = calculated[0]?.topics.map(({ topic }) => topic) ?? [];
  if (names.length === 0) return [];
  const rows = names.map((name) => [
    name,
    ...calculated.map(({ topics }) => money(topics.find(({ topic }) => topic === name)?.monthly)),
  ]);
  return [
    numbersRight(
      ["TOPIC", ...calculated.map(({ broker }) => broker.toUpperCase())],
      rows,
      calculated.map((_, index) => index + 1),
    ),
  ];
}

/** What batches do, where that is worth a sentence. */
function savings(brokers: readonly BrokerCost[], currency: string): readonly string[] {
  return brokers.flatMap(({ broker, monthly, unbatched, fullBatches }) => {
    if (monthly === undefined || unbatched === undefined || fullBatches === undefined) return [];
    if (unbatched - fullBatches < 0.01 * unbatched || unbatched < 0.01) return [];
    const sums = `${money(unbatched)} ${currency} with one message in each request, ${money(fullBatches)} with ten`;
    return [`${broker}: ${sums}. This load: ${money(monthly)}.`];
  });
}

/** Which of these prices did not stand on the provider's own page when they were read. */
function unverified(brokers: readonly BrokerCost[], prices: ListPrices["prices"]): readonly string[] {
  const names = [...usedPrices(brokers)].filter((name) => prices[name]?.verified !== "page");
  const listed = names.map((name) => `${name} (${prices[name]?.verified})`).join(", ");
  return names.length === 0 ? [] : [`Not from the provider's own page: ${listed}. --explain says where from.`];
}

function usedPrices(brokers: readonly BrokerCost[]): ReadonlySet<string> {
  const items = brokers.flatMap(({ topics }) => topics.flatMap((topic) => topic.items));
  return new Set(items.filter(({ quantity }) => quantity > 0).map(({ priceName }) => priceName));
}

function nameOf(topic: string, { subscription }: CostItem): string {
  return subscription === undefined ? topic : `${topic}/${subscription}`;
}

/** A table whose numbers end at the same place. */
function numbersRight(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: readonly number[],
): string {
  const widthOf = (column: number): number => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0));
  const widths = new Map(columns.map((column) => [column, widthOf(column)]));
  const aligned = (row: readonly string[]): readonly string[] =>
    row.map((cell, column) => cell.padStart(widths.get(column) ?? 0));
  return table(aligned(header), rows.map(aligned));
}
