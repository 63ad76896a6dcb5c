import type { JSX } from "preact";
import type { Numbers, NumbersKnown, WireFailure } from "../../../src/api/numbers.ts";
import { shownCount, shownDuration } from "./format.ts";
import { Unknown } from "./unknown.tsx";

export interface NumberSource {
  readonly numbers: Numbers;
  readonly error: WireFailure | null;
  readonly connections: readonly string[];
}

type Known = Readonly<Record<string, NumbersKnown>>;

/** How well a number is known on all connections of a subscription together. `undefined` before they are open. */
export function howKnown(
  field: keyof Numbers,
  connections: readonly string[],
  known: Known,
): NumbersKnown[keyof Numbers] | undefined {
  const each = connections.map((name) => known[name]?.[field]);
  if (each.length === 0 || each.includes(undefined)) return undefined;
  if (each.includes("unknown")) return "unknown";
  return each.includes("approximate") ? "approximate" : "exact";
}

/** Why a number is a dash. */
export function whyUnknown(field: keyof Numbers, { error, connections }: NumberSource, known: Known): string {
  if (error !== null) return error.message;
  if (howKnown(field, connections, known) === "unknown") return "this broker does not tell it";
  return "it was not read yet";
}

/** `12`, `~12` for an estimate, a dash for what is not known. */
export function shownNumber(field: keyof Numbers, source: NumberSource, known: Known): string {
  const number = source.numbers[field];
  if (number === null) return "–";
  if (field === "oldestAgeMs" && number === 0) return "none";
  const text = field === "oldestAgeMs" ? shownDuration(number) : shownCount(number);
  return howKnown(field, source.connections, known) === "approximate" && number !== 0 ? `~${text}` : text;
}

/** A number that the broker tells, or why it does not. */
export function BrokerNumber({
  field,
  source,
  known,
}: {
  readonly field: keyof Numbers;
  readonly source: NumberSource;
  readonly known: Known;
}): JSX.Element {
  if (source.numbers[field] === null) return <Unknown why={whyUnknown(field, source, known)} />;
  const text = shownNumber(field, source, known);
  return text.startsWith("~") ? <span title="the broker's estimate">{text}</span> : <>{text}</>;
}
