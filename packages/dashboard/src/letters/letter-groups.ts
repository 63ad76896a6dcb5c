import type { LetterGroup } from "../api/letters.ts";
import type { KeptLetter } from "./kept-letter.ts";
import { maskedMessage } from "./masked-message.ts";

/** Strangers can make every message differ. */
const MAX_GROUPS = 200;
const MAX_VERSIONS = 100;
const MAX_EXAMPLES = 3;

interface Growing {
  readonly of: KeptLetter;
  readonly versions: Set<string>;
  count: number;
  firstMs: number;
  lastMs: number;
}

/** The largest groups, and how many others there are. */
export function letterGroups(letters: readonly KeptLetter[]): {
  readonly groups: readonly LetterGroup[];
  readonly otherGroups: number;
  readonly otherLetters: number;
} {
  const byKey = new Map<string, Growing>();
  for (const letter of letters) {
    const { group, errorMessage } = letter;
    const lastMs = letter.lastFailureTime.getTime();
    const firstMs = letter.firstFailureTime?.getTime() ?? lastMs;
    let known = byKey.get(group);
    if (known === undefined) {
      known = { of: letter, versions: new Set(), count: 0, firstMs, lastMs };
      byKey.set(group, known);
    }
    known.count += 1;
    known.firstMs = Math.min(known.firstMs, firstMs);
    known.lastMs = Math.max(known.lastMs, lastMs);
    if (known.versions.size < MAX_VERSIONS) known.versions.add(errorMessage);
  }
  const sorted = [...byKey.entries()].toSorted(([, one], [, other]) => other.count - one.count);
  const others = sorted.slice(MAX_GROUPS);
  return {
    groups: sorted.slice(0, MAX_GROUPS).map(([key, group]) => shownGroup(key, group)),
    otherGroups: others.length,
    otherLetters: others.reduce((sum, [, { count }]) => sum + count, 0),
  };
}

function shownGroup(key: string, { of, versions, count, firstMs, lastMs }: Growing): LetterGroup {
  const { reason, errorName, errorMessage } = of;
  return {
    key,
    reason,
    errorName,
    message: maskedMessage(errorMessage),
    count,
    first: timeOf(firstMs),
    last: timeOf(lastMs),
    versions: versions.size,
    examples: [...versions].slice(0, MAX_EXAMPLES),
  };
}

function timeOf(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
