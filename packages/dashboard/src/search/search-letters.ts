import { type AnySubscription, PubSubError } from "@anytopic/core";
import type { FoundLetter, SearchAnswer } from "../api/search.ts";
import type { DashboardContext } from "../context.ts";
import { pathOf } from "../declared-subscription.ts";
import { letterRow } from "../letters/kept-letter.ts";
import { deskOf } from "../letters/letter-desk.ts";
import { fits } from "../letters/letter-search.ts";

/** Dead-letter queues that are read at the same time. */
const AT_ONCE = 4;
/** After that no further queue is read. */
const SEARCH_MS = 20_000;

type Found = Pick<SearchAnswer, "letters" | "incomplete"> & { readonly searched: number };

/** Letters of all subscriptions that have the text, through the reads that the screen of the letters uses too. */
export async function searchLetters(
  text: string,
  most: number,
  context: DashboardContext,
  signal: AbortSignal,
): Promise<Found> {
  const wanted = {
    group: undefined,
    text: text.toLowerCase(),
    fromMs: Number.NEGATIVE_INFINITY,
    toMs: Number.POSITIVE_INFINITY,
  };
  const letters: FoundLetter[] = [];
  const incomplete: { of: string; why: string }[] = [];
  let searched = 0;
  const search = async (of: string, subscription: AnySubscription): Promise<void> => {
    // Most queues are empty, and reading takes letters from others for a while on some brokers.
    if ((await (await context.pubsub()).deadLetters(subscription).count()) === 0) return;
    const read = await deskOf(context).reads.fresh(of, subscription);
    searched += read.letters.length;
    if (read.total !== undefined)
      incomplete.push({ of, why: `only ${read.letters.length} of ${read.total} letters were read` });
    for (const letter of read.letters) {
      if (letters.length >= most || !fits(letter, wanted)) continue;
      const { ref, id, reason, error, failed } = letterRow(letter);
      letters.push({ of, ref, id, reason, error, failed });
    }
  };
  const deadlineMs = performance.now() + SEARCH_MS;
  const waiting = [...context.subscriptions];
  const takeTurns = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const of = pathOf(next);
      if (signal.aborted || performance.now() > deadlineMs) incomplete.push({ of, why: "the search took too long" });
      else await search(of, next).catch((error: unknown) => incomplete.push({ of, why: reasonOf(error) }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
  return { letters, incomplete, searched };
}

/** The message of an error that is none of ours may contain anything. */
function reasonOf(error: unknown): string {
  return error instanceof PubSubError ? error.message : "the broker could not be asked";
}
