import type { HistoryLine } from "../history.ts";
import { linesOf } from "../read-runs.ts";
import type { ChaosViolation } from "../verdict.ts";

/** No worker runs more handlers than `maxConcurrency`. Handlers that were given up run beside it, and do not count. */
export function concurrency(history: readonly HistoryLine[]): readonly ChaosViolation[] {
  const limits = new Map(
    linesOf(history, "opened").map(({ by, worker, maxConcurrency }) => [`${by} ${worker}`, maxConcurrency]),
  );
  const running = new Map<string, Set<number>>();
  const workerOf = new Map<string, string>();
  const highest = new Map<string, number>();
  for (const line of history) {
    if (line.type === "run") {
      const worker = `${line.by} ${line.worker}`;
      const runs = running.get(worker) ?? new Set();
      running.set(worker, runs.add(line.run));
      workerOf.set(`${line.by} ${line.run}`, worker);
      highest.set(worker, Math.max(highest.get(worker) ?? 0, runs.size));
    } else if (line.type === "end" || line.type === "abort") {
      running.get(workerOf.get(`${line.by} ${line.run}`) ?? "")?.delete(line.run);
    }
  }
  return [...highest].flatMap(([worker, most]) => {
    const limit = limits.get(worker) ?? Infinity;
    return most <= limit
      ? []
      : [
          {
            check: "concurrency" as const,
            text: `worker ${worker} ran ${most} handlers at once, ${limit} are permitted`,
          },
        ];
  });
}
