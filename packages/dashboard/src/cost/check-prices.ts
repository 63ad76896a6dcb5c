import { isObject, quoted } from "./shown-value.ts";
import { type ListPrices, type Price, PRICE_NAMES, type PriceName, VERIFIED } from "./prices.ts";

const UNITS: readonly Price["unit"][] = ["requests", "messages", "bytes", "byte-months"];

/**
 * A list of prices from JSON. What `base` has and the JSON leaves out stays as it is in `base`: to replace one price, give that one.
 *
 * @throws TypeError that names what is wrong
 */
export function checkedPrices(json: unknown, base?: ListPrices): ListPrices {
  if (!isObject(json))
    throw new TypeError(`prices: must be an object like the one of --prices in the help, not ${quoted(json)}`);
  rejectUnknown("prices", json, ["date", "currency", "region", "prices"]);
  const given = json["prices"] ?? {};
  if (!isObject(given)) throw new TypeError("prices.prices: must be an object with a price under each name");
  rejectUnknown("prices.prices", given, PRICE_NAMES);
  const prices = Object.fromEntries(
    PRICE_NAMES.map((name) => [name, checkedPrice(name, given[name], base?.prices[name])]),
  ) as Record<PriceName, Price>;
  return {
    date: checkedDate(json["date"] ?? base?.date),
    currency: requireText("prices.currency", json["currency"] ?? base?.currency),
    region: requireText("prices.region", json["region"] ?? base?.region),
    prices,
  };
}

function checkedPrice(name: PriceName, json: unknown, base: Price | undefined): Price {
  const what = `prices.prices.${name}`;
  if (json === undefined && base !== undefined) return base;
  if (!isObject(json)) throw new TypeError(`${what}: must be an object with a price, such as { "price": 0.4 }`);
  rejectUnknown(what, json, ["price", "per", "unit", "rule", "free", "verified", "source", "seen"]);
  // A price that somebody else gives is not the one that we have verified.
  const ofList = base === undefined ? undefined : { ...base, verified: "not verified", seen: "given by you" };
  const of = (field: keyof Price): unknown => json[field] ?? ofList?.[field];
  return {
    price: requireNumber(`${what}.price`, of("price"), 0),
    per: requireNumber(`${what}.per`, of("per"), Number.MIN_VALUE),
    unit: requireOneOf(`${what}.unit`, of("unit"), UNITS),
    rule: requireText(`${what}.rule`, of("rule")),
    free: requireNumber(`${what}.free`, of("free"), 0),
    verified: requireOneOf(`${what}.verified`, of("verified"), VERIFIED),
    source: requireText(`${what}.source`, of("source")),
    seen: requireText(`${what}.seen`, of("seen")),
  };
}

function rejectUnknown(what: string, json: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(json).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${what}: ${quoted(unknown)} is unknown, known are ${known.join(", ")}`);
}

function checkedDate(value: unknown): string {
  if (typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value)) return value;
  throw new TypeError(`prices.date: must be a date such as "2026-11-26", not ${quoted(value)}`);
}

function requireText(what: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`${what}: must be a text, not ${quoted(value)}`);
}

function requireNumber(what: string, value: unknown, min: number): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= min) return value;
  throw new TypeError(`${what}: must be a number${min > 0 ? " above 0" : " of 0 or more"}, not ${quoted(value)}`);
}

function requireOneOf<Value extends string>(what: string, value: unknown, allowed: readonly Value[]): Value {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new TypeError(`${what}: must be one of ${allowed.join(", ")}, not ${quoted(value)}`);
}
