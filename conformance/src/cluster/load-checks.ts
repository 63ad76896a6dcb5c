import { PubSubError } from "@anytopic/core";
import { equal, few, sameMembers } from "../expect.ts";
import { Violation } from "../violation.ts";
import { eventually, type WaitOptions } from "../wait.ts";
import type { ClusterLoad } from "./cluster-load.ts";
import { isOrdered } from "./longest-pause.ts";

/** More messages of each key after a fault. */
const MORE = 10;
const WAIT: WaitOptions = { deadlineMs: 60_000, signal: new AbortController().signal };

/** Publishing and handling go on, with every publisher, topic and key. */
export async function goesOn(load: ClusterLoad): Promise<void> {
  const { record } = load;
  const goal = record.slowest + MORE;
  await eventually(
    () => record.slowest >= goal,
    () => `every key to go on:\n${load.problems()}`,
    WAIT,
  );
}

/** `health()` of every connection says so. */
export async function isUp(load: ClusterLoad): Promise<void> {
  await eventually(
    () => load.health().every((status) => status === "up"),
    () => `all connections to be up:\n${load.problems()}`,
    WAIT,
  );
}

/** `health()` of at least one connection says that something is wrong. */
export async function isNoticed(load: ClusterLoad): Promise<void> {
  await eventually(() => load.health().some((status) => status !== "up"), "a connection not to be up", WAIT);
}

/**
 * Everything comes to rest by itself: all is confirmed, all that was confirmed is handled in order or is a dead letter, and all
 * connections are up. Returns what was counted.
 *
 * @param isBroken whether the broker has lost messages of a topic: then it is not counted what is missing or out of order there
 */
export async function comesToRest(
  load: ClusterLoad,
  isBroken: (topic: string) => Promise<boolean> = async () => false,
): Promise<Readonly<Record<string, unknown>>> {
  const { record, trace } = load;
  await load.stopPublishing();
  const isHandled = async (): Promise<boolean> => record.missing().length === 0;
  await eventually(isHandled, "all messages to be handled", WAIT).catch((error: unknown) => {
    if (!(error instanceof Violation)) throw error;
  });
  const pauses = record.takePauses();
  // A copy that is late for a moment looks as if it had lost messages.
  const isSuspect = record.missing().length > 0 || record.outOfOrder.length > 0;
  const orderedIsBroken = isSuspect && (await isBroken(load.orderedTopic));
  const unorderedIsBroken = isSuspect && (await isBroken(load.unorderedTopic));
  const missing = record.missing().filter((id) => !(isOrdered(id) ? orderedIsBroken : unorderedIsBroken));
  equal(missing, [], `what was confirmed and not handled, with these connections:\n${load.problems()}\n`);
  await isUp(load);
  equal(orderedIsBroken ? [] : record.outOfOrder.slice(0, 10), [], "what started out of order");
  equal(trace.orderErrors, [], "errors about the order");
  equal(record.lowAttempts.slice(0, 10), [], "attempts that were called a lower number");
  equal(record.finalRefusals.slice(0, 10), [], 'refusals that do not say "try again"');
  await lettersAreThere(load);
  const { confirmations, repeats, unstarted, refusals, rejectedIds } = record;
  return {
    confirmations,
    repeats,
    unstarted,
    letters: rejectedIds.size,
    refusals: Object.fromEntries(refusals),
    ...pauses,
  };
}

async function lettersAreThere(load: ClusterLoad): Promise<void> {
  const expected = load.record.rejectedIds;
  let letters: ReadonlySet<string> = new Set();
  let problem = "";
  // A handler that has rejected a message still has to store it, and a queue may have no leader for a moment.
  const isComplete = async (): Promise<boolean> => {
    try {
      letters = await load.letters();
    } catch (error) {
      if (!(error instanceof PubSubError && error.retryable)) throw error;
      problem = error.message;
      return false;
    }
    const missing = [...expected].filter((id) => !letters.has(id));
    problem = `missing: ${few(missing)}`;
    return missing.length === 0;
  };
  await eventually(isComplete, () => `all dead letters: ${problem}`, WAIT);
  sameMembers([...letters], [...expected], "the dead letters");
}
