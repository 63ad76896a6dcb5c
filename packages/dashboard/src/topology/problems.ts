import type { AnySubscription, SubscriptionHealth } from "@anytopic/core";
import type { DriftState, Problem, SubscriptionState } from "../api/overview.ts";
import type { Reading } from "../statistics/statistics-poll.ts";

/** A message that waits for longer is worth a look, in ms. */
const OLD_MS = 15 * 60_000;

const DRIFT_TEXT: Readonly<Record<DriftState, string>> = {
  missing: "missing on the broker: run anytopic apply",
  incomplete: "incomplete on the broker: run anytopic apply",
  differs: "differs from its declaration: run anytopic apply --update",
  "cannot-be-changed": "differs from its declaration in what cannot be changed in place: see anytopic plan",
};

export interface ProblemFacts {
  readonly subscription: AnySubscription;
  readonly reading: Reading;
  readonly workers: readonly SubscriptionHealth[];
  readonly drift: DriftState | null;
  /** There is no broker at all: that is said once, and not of every subscription. */
  readonly isBrokerAway: boolean;
}

/** What is wrong with a subscription, the worst first. */
export function problemsOf(facts: ProblemFacts): readonly Problem[] {
  return [...workerProblems(facts.workers), ...brokerProblems(facts), ...pauses(facts.workers)];
}

/** From the worst problem to one word. */
export function stateOf(problems: readonly Problem[], { reading, workers }: ProblemFacts): SubscriptionState {
  const kinds = new Set(problems.map(({ kind }) => kind));
  if (kinds.has("failing") || kinds.has("stuck")) return "problem";
  if ([...kinds].some((kind) => kind !== "paused")) return "warning";
  if (kinds.has("paused")) return "paused";
  const isKnown = workers.length > 0 || Object.values(reading.numbers ?? {}).some((number) => number !== undefined);
  return isKnown ? "good" : "unknown";
}

function workerProblems(workers: readonly SubscriptionHealth[]): readonly Problem[] {
  const problems: Problem[] = [];
  const failing = workers.find(({ state }) => state === "failing");
  if (failing !== undefined) {
    problems.push({
      kind: "failing",
      text: `a worker cannot receive: ${failing.error?.message ?? "the reason is not known"}`,
    });
  }
  const stuck = workers.find((worker) => worker.stuck !== undefined)?.stuck;
  if (stuck !== undefined) {
    const why = stuck === "handlers" ? "its abandoned handlers do not return" : "it has stopped asking for messages";
    problems.push({ kind: "stuck", text: `a worker is stuck: ${why}. Restart its process` });
  }
  const circuit = workers.find((worker) => worker.circuit !== undefined && worker.circuit.state !== "closed")?.circuit;
  if (circuit !== undefined) {
    problems.push({
      kind: "circuit",
      text: `the circuit is ${circuit.state} after ${circuit.failures} failures in a row`,
    });
  }
  return problems;
}

function brokerProblems({ reading: { numbers, error }, drift, isBrokerAway }: ProblemFacts): readonly Problem[] {
  const problems: Problem[] = [];
  const { deadLetters = 0, oldestAgeMs = 0, waiting = 0 } = numbers ?? {};
  if (drift !== null) problems.push({ kind: "drift", text: DRIFT_TEXT[drift] });
  // What is missing cannot be read either.
  else if (error !== undefined && !isBrokerAway)
    problems.push({ kind: "unreadable", text: `its numbers cannot be read: ${error.message}` });
  if (deadLetters > 0) {
    const what = deadLetters === 1 ? "1 dead letter" : `${deadLetters.toLocaleString("en-US")} dead letters`;
    problems.push({ kind: "letters", text: what });
  }
  if (oldestAgeMs > OLD_MS && waiting > 0) {
    const minutes = Math.round(oldestAgeMs / 60_000).toLocaleString("en-US");
    problems.push({ kind: "old", text: `the oldest message is ${minutes} min old, and others wait` });
  }
  return problems;
}

function pauses(workers: readonly SubscriptionHealth[]): readonly Problem[] {
  const paused = workers.filter(({ state }) => state === "paused").length;
  if (paused === 0) return [];
  const text = paused === workers.length ? "paused" : `${paused} of ${workers.length} workers are paused`;
  return [{ kind: "paused", text }];
}
