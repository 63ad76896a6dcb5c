import type { HistoryLine } from "../history.ts";
import { disturbedBetween } from "../disturbances.ts";
import { grouped, readRuns, repeatedIds } from "../read-runs.ts";
import type { ChaosViolation } from "../verdict.ts";

/** At-least-once: what was handled with success runs again only after something that can lose an acknowledgement. */
export function needlessRepeats(
  history: readonly HistoryLine[],
  exactlyOnce: ReadonlySet<string>,
  ackDeadlineMs: number,
): readonly ChaosViolation[] {
  const repeated = repeatedIds(history);
  const disturbed = disturbedBetween(history, ackDeadlineMs);
  const runs = readRuns(history).filter(({ start }) => !exactlyOnce.has(start.topic) && !repeated.has(start.id));
  return [...grouped(runs, ({ start }) => start.id)].flatMap(([id, ofId]) => {
    const first = ofId.find(({ end }) => end?.how === "ok");
    const again = ofId.find(({ start }) => first !== undefined && start.atMs > first.start.atMs);
    if (first === undefined || again === undefined || disturbed(first.start.atMs, again.start.atMs)) return [];
    return [
      {
        check: "needless-repeat" as const,
        text: `topic ${first.start.topic}: ${id} succeeded in ${first.start.by} and started again in ${again.start.by} (attempt ${again.start.attempt}), and nothing had happened`,
      },
    ];
  });
}
