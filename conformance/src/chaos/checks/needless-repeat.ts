import type { HistoryLine } from "../history.ts";
import { disturbedBetween } from "../disturbances.ts";
import { grouped, readRuns, redrivenAt, repeatedIds } from "../read-runs.ts";
import type { ChaosViolation } from "../verdict.ts";

/**
 * At-least-once: what was handled with success runs again only after something that can lose an acknowledgement. When it was redriven
 * in between, that of the dead letter counts as well: if it was lost, both the original and the redriven copy are delivered.
 */
export function needlessRepeats(
  history: readonly HistoryLine[],
  exactlyOnce: ReadonlySet<string>,
  ackDeadlineMs: number,
): readonly ChaosViolation[] {
  const repeated = repeatedIds(history);
  const disturbed = disturbedBetween(history, ackDeadlineMs);
  const redrivenMs = redrivenAt(history);
  const runs = readRuns(history).filter(({ start }) => !exactlyOnce.has(start.topic) && !repeated.has(start.id));
  return [...grouped(runs, ({ start }) => start.id)].flatMap(([id, ofId]) => {
    const first = ofId.find(({ end }) => end?.how === "ok");
    const again = ofId.find(({ start }) => first !== undefined && start.atMs > first.start.atMs);
    if (first === undefined || again === undefined) return [];
    const redriven = redrivenMs.get(id) ?? Infinity;
    const letter = ofId.findLast(({ start }) => start.atMs < redriven);
    const fromMs =
      redriven < again.start.atMs ? Math.min(first.start.atMs, letter?.start.atMs ?? redriven) : first.start.atMs;
    if (disturbed(fromMs, again.start.atMs)) return [];
    return [
      {
        check: "needless-repeat" as const,
        text: `topic ${first.start.topic}: ${id} succeeded in ${first.start.by} and started again in ${again.start.by} (attempt ${again.start.attempt}), and nothing had happened`,
      },
    ];
  });
}
