import { few } from "../../expect.ts";
import type { HistoryLine } from "../history.ts";
import { grouped, linesOf, readRuns } from "../read-runs.ts";
import type { ChaosViolation } from "../verdict.ts";

/** Everything that a publisher was told is accepted was handled with success in the end, dead letters after a redrive. */
export function lost(history: readonly HistoryLine[]): readonly ChaosViolation[] {
  const done = new Set(readRuns(history).flatMap(({ start, end }) => (end?.how === "ok" ? [start.id] : [])));
  const missing = linesOf(history, "accepted").filter(({ id }) => !done.has(id));
  return [...grouped(missing, ({ topic }) => topic)].map(([topic, lines]) => ({
    check: "lost",
    text: `topic ${topic}: accepted and never handled with success: ${few([...new Set(lines.map(({ id }) => id))])}`,
  }));
}

/** Nothing was handled that was not published there, or that differs from what was published. */
export function damaged(history: readonly HistoryLine[]): readonly ChaosViolation[] {
  const published = new Set(
    linesOf(history, "publish").map(({ topic, id, seq, key }) => `${topic} ${id} ${seq} ${key}`),
  );
  return linesOf(history, "run").flatMap(({ topic, id, seq, key, intact, by }) =>
    intact && published.has(`${topic} ${id} ${seq} ${key}`)
      ? []
      : [
          {
            check: "damaged" as const,
            text: `topic ${topic}: ${by} got ${id} (key ${key}, ${seq}), which is not what was published`,
          },
        ],
  );
}
