import { byName, severityOf, type SubscriptionRow } from "../../parts/subscription-rows.ts";

export type SortKey =
  | "name"
  | "state"
  | "waiting"
  | "inFlight"
  | "delayed"
  | "oldestAgeMs"
  | "deadLetters"
  | "in"
  | "out";

export interface Sorting {
  readonly by: SortKey;
  readonly direction: "ascending" | "descending";
}

export const SORT_KEYS: readonly SortKey[] = [
  "name",
  "state",
  "waiting",
  "inFlight",
  "delayed",
  "oldestAgeMs",
  "deadLetters",
  "in",
  "out",
];

/** `waiting-descending`; the worst first when the text says nothing. */
export function sortingOf(text: string | null): Sorting {
  const [by, direction] = (text ?? "").split(" ");
  const key = SORT_KEYS.find((one) => one === by);
  if (key === undefined) return { by: "state", direction: "descending" };
  return { by: key, direction: direction === "ascending" ? "ascending" : "descending" };
}

/** What the button of a column leads to: the largest first, names from a. */
export function nextSorting(current: Sorting, by: SortKey): Sorting {
  const first = by === "name" ? "ascending" : "descending";
  if (current.by !== by) return { by, direction: first };
  return { by, direction: current.direction === "ascending" ? "descending" : "ascending" };
}

/** What is not known is last in both directions. */
export function sorted(rows: readonly SubscriptionRow[], { by, direction }: Sorting): readonly SubscriptionRow[] {
  const sign = direction === "ascending" ? 1 : -1;
  return [...rows].sort((a, b) => {
    if (by === "name") return sign * byName(a.path, b.path);
    const [left, right] = [valueOf(a, by), valueOf(b, by)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * (left - right) || byName(a.path, b.path);
  });
}

function valueOf(row: SubscriptionRow, by: Exclude<SortKey, "name">): number | null {
  if (by === "state") return severityOf(row.state);
  if (by === "in") return row.inPerMin;
  if (by === "out") return row.outPerMin;
  return row.numbers[by];
}
