import type { Capabilities } from "@anytopic/core";
import type { KnownFaults } from "../../harness.ts";
import { disturbedBetween } from "../disturbances.ts";
import type { HistoryLine } from "../history.ts";
import { grouped, killedAt, linesOf, readRuns, redrivenAt, repeatedIds, type HandlerRun } from "../read-runs.ts";
import { type ChaosSchedule, isNetworkFault } from "../schedule.ts";
import type { ChaosViolation } from "../verdict.ts";

/** Attempts beyond the retry policy that core permits where a fetched message that never started counts as an attempt. */
const UNSTARTED_SPARE = 5;

/**
 * Attempts are true: no number twice when that would hide a start, rising within a worker, and none beyond the retry
 * policy. What a broker has forgotten that was killed between two runs is left out. Where there may be copies, each counts by itself.
 */
export function attempts(
  history: readonly HistoryLine[],
  schedule: ChaosSchedule,
  capabilities: Pick<Capabilities, "attempts" | "orderedAttempts">,
  knownFaults: KnownFaults,
): { readonly violations: readonly ChaosViolation[]; readonly hiddenStarts: number; readonly copiedStarts: number } {
  const hasEnded = endedConnections(history, schedule);
  const copies = [
    ...(knownFaults.copiedRetries === undefined ? [] : [interruptedRetries(history, schedule)]),
    ...(knownFaults.copiedPublishes === undefined ? [] : [interruptedPublishes(history, schedule)]),
  ];
  let hiddenStarts = 0;
  let copiedStarts = 0;
  const brokerKills = linesOf(history, "step").flatMap(({ kind, atMs }) => (kind === "kill-broker" ? [atMs] : []));
  const countedByWorkers = new Set(
    capabilities.orderedAttempts === "worker"
      ? schedule.topics.flatMap(({ name, ordered }) => (ordered ? [name] : []))
      : [],
  );
  const permitted = schedule.maxRetries + 1 + (capabilities.attempts === "exact" ? 0 : UNSTARTED_SPARE);
  const violations: ChaosViolation[] = [];
  const runs = countedRuns(history);
  for (const [id, ofId] of grouped(runs, ({ start }) => start.id)) {
    const { topic } = ofId[0]?.start ?? { topic: "" };
    const wrong = (what: string): unknown =>
      violations.push({ check: "attempts", text: `topic ${topic}: ${id} ${what}` });
    const highest = Math.max(...ofId.map(({ start }) => start.attempt));
    if (countedByWorkers.has(topic)) continue;
    if (highest > permitted) wrong(`had attempt ${highest}, ${permitted} are permitted`);
    const seen = new Map<number, { readonly by: string; readonly atMs: number }>();
    const lastOf = new Map<string, number>();
    for (const [earlier, { start }] of ofId.entries()) {
      const before = seen.get(start.attempt);
      const forgotten = brokerKills.some((atMs) => atMs < start.atMs && atMs > (ofId[0]?.start.atMs ?? 0) - 1000);
      // With fewer starts than its number says, the broker counted a delivery that never started, and one worker knows that
      // it was none while another does not.
      const hidden = before !== undefined && start.attempt <= earlier && !forgotten;
      const last = lastOf.get(`${start.by} ${start.worker}`) ?? 0;
      const falls = start.attempt < last && !forgotten;
      const copied = (hidden || falls) && copies.some((mayBeCopy) => mayBeCopy(id, start.atMs));
      if (copied) copiedStarts += 1;
      else if (hidden && knownFaults.hiddenStarts !== undefined && hasEnded(before, start.atMs)) hiddenStarts += 1;
      else if (hidden)
        wrong(
          `had attempt ${start.attempt} twice: in ${before.by} at ${Math.round(before.atMs)} ms and in ${start.by} at ${Math.round(start.atMs)} ms`,
        );
      if (falls && !copied) wrong(`had attempt ${start.attempt} after ${last} in ${start.by}`);
      if (capabilities.attempts === "exact" && start.attempt > 1 && !seen.has(start.attempt - 1))
        wrong(`had attempt ${start.attempt} without attempt ${start.attempt - 1}`);
      seen.set(start.attempt, start);
      lastOf.set(`${start.by} ${start.worker}`, start.attempt);
    }
  }
  return { violations, hiddenStarts, copiedStarts };
}

/** Whether the connection of a run's process ended before a moment, so that the broker may still have its requests: by a kill, or with the network. */
function endedConnections(
  history: readonly HistoryLine[],
  { processes }: ChaosSchedule,
): (run: { readonly by: string; readonly atMs: number }, beforeMs: number) => boolean {
  const killed = killedAt(history);
  const overs = new Map(linesOf(history, "step-over").map(({ step, atMs }) => [step, atMs]));
  const cuts = linesOf(history, "step").filter(({ kind }) => isNetworkFault(kind));
  const proxied = new Set(processes.flatMap(({ name, proxied: isProxied }) => (isProxied ? [name] : [])));
  return ({ by, atMs: ranMs }, beforeMs) =>
    killed.has(by) ||
    (proxied.has(by.split("#")[0] ?? "") &&
      cuts.some(({ step, atMs }) => atMs < beforeMs && (overs.get(step) ?? Infinity) > ranMs));
}

/** How long after a retry was scheduled a fault may still come before the acknowledgement of the original, in ms. */
const UNTIL_ACKNOWLEDGED_MS = 1000;

/** Whether, before a moment, a fault came while a retry of this message was being stored: then it may have two copies. */
function interruptedRetries(
  history: readonly HistoryLine[],
  { ackDeadlineMs }: ChaosSchedule,
): (id: string, beforeMs: number) => boolean {
  const disturbed = disturbedBetween(history, ackDeadlineMs);
  const retries = grouped(linesOf(history, "retry"), ({ id }) => id);
  return (id, beforeMs) =>
    (retries.get(id) ?? []).some(({ atMs }) => atMs < beforeMs && disturbed(atMs, atMs + UNTIL_ACKNOWLEDGED_MS));
}

/** What is answered sooner was not sent a second time, in ms. */
const SENT_ONCE_MS = 50;

/** Whether a fault came while this message was being published: then the client library may have sent it twice. */
function interruptedPublishes(
  history: readonly HistoryLine[],
  { ackDeadlineMs }: ChaosSchedule,
): (id: string) => boolean {
  const disturbed = disturbedBetween(history, ackDeadlineMs);
  const acceptedMs = new Map(linesOf(history, "accepted").map(({ id, atMs }) => [id, atMs]));
  const interrupted = new Set(
    linesOf(history, "publish").flatMap(({ id, atMs }) => {
      const untilMs = acceptedMs.get(id) ?? Infinity;
      return untilMs - atMs > SENT_ONCE_MS && disturbed(atMs, untilMs) ? [id] : [];
    }),
  );
  return (id) => interrupted.has(id);
}

/** Without messages with a repeated publish, redriven ones, what runs again after its success, and what a close has released. */
function countedRuns(history: readonly HistoryLine[]): readonly HandlerRun[] {
  const repeated = repeatedIds(history);
  const redrivenMs = redrivenAt(history);
  const all = readRuns(history);
  const succeededMs = new Map<string, number>();
  for (const { start, end } of all) {
    if (end?.how === "ok") succeededMs.set(start.id, Math.min(end.atMs, succeededMs.get(start.id) ?? Infinity));
  }
  const closings = linesOf(history, "closing");
  return all.filter(
    ({ start: { id, atMs, by, worker }, abort }) =>
      !repeated.has(id) &&
      // A close that waits no longer releases the messages of its handlers. Where the broker allows it, that is no attempt.
      !closings.some(
        (line) => abort !== undefined && line.by === by && line.atMs <= abort.atMs && closes(line.what, worker),
      ) &&
      atMs < Math.min(redrivenMs.get(id) ?? Infinity, succeededMs.get(id) ?? Infinity),
  );
}

/** Whether a close is that of this worker or of its whole connection. */
function closes(what: string, worker: number): boolean {
  return what === `worker ${worker}` || what.startsWith("connection");
}
