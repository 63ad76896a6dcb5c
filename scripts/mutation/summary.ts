import { groupBy } from "./group-by.ts";
import type { Result, Verdict } from "./judge-mutant.ts";
import { shownChange } from "./mutant.ts";

const isKill = ({ verdict }: Result): boolean => verdict === "killed" || verdict === "timed-out";

/** One line for a mutant that was just judged. */
export function shownResult(result: Result): string {
  const { id, file, line, kind, verdict, by, message, durationMs } = result;
  const end = by === undefined ? "" : ` by ${by}: ${message ?? ""}`;
  return `${id} ${file}:${line} ${kind}: ${verdict}${end} (${(durationMs / 1000).toFixed(1)} s)`;
}

/** The numbers of a run, by folder, and every mutant that nothing has killed. */
export function summary(results: readonly Result[]): string {
  const count = (verdict: Verdict): number => results.filter((result) => result.verdict === verdict).length;
  const survivors = results.filter((result) => !isKill(result));
  const rows = [...groupBy(results, ({ file }) => file.split("/").slice(0, 4).join("/"))]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([place, all]) => `${place}: ${all.filter(isKill).length} of ${all.length} killed`);
  const verdicts = (["killed", "timed-out", "survived", "unreached"] as const).map((name) => `${count(name)} ${name}`);
  return [
    ...survivors.map((result) => `${result.id} ${result.verdict}: ${shownChange(result)}\n`),
    ...rows,
    `${results.length} mutants: ${verdicts.join(", ")}; ${((100 * (results.length - survivors.length)) / Math.max(1, results.length)).toFixed(1)} of 100 killed`,
  ].join("\n");
}
