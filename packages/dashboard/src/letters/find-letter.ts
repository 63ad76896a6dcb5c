import type { DeadLetter } from "@anytopic/core";
import type { DashboardContext } from "../context.ts";
import { HttpError } from "../http/http-error.ts";
import { deskOf, type NamedSubscription } from "./letter-desk.ts";
import { MAX_READ } from "./letter-read.ts";
import { letterRef } from "./letter-ref.ts";

/**
 * One whole letter: of the last read, or, when only a part of it was kept, read again.
 *
 * @throws HttpError 404 when it is gone
 */
export async function findLetter(
  ref: string,
  { of, subscription }: NamedSubscription,
  context: DashboardContext,
): Promise<DeadLetter> {
  const { reads, jobs } = deskOf(context);
  const kept = reads.last(of)?.letters.find((letter) => letter.ref === ref);
  if (kept?.isWhole === true) return kept;
  if (jobs.running(of) !== undefined) {
    throw new HttpError(409, "JOB_RUNS", "a job runs on these letters: open this one when it has ended");
  }
  const queue = (await context.pubsub()).deadLetters(subscription);
  let found: DeadLetter | undefined;
  await reads.turns.run(of, async () => {
    const onLetter = (letter: DeadLetter): boolean => {
      if (letterRef(letter) === ref) found = letter;
      return found === undefined;
    };
    await queue.scan({ onLetter, limit: 2 * MAX_READ, signal: context.closed });
  });
  if (found === undefined) {
    throw new HttpError(404, "NOT_FOUND", "this letter is gone: it was redriven or purged, or its time has passed");
  }
  return found;
}
