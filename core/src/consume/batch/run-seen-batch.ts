import type { BatchEntry } from "./batch.ts";
import { PubSubError } from "../../base/errors.ts";
import { isPromiseLike } from "../../base/promise-like.ts";
import { ACK, type Outcome, outcomeOf } from "../outcome.ts";
import { type EndsAttempts, reported } from "../run-handler.ts";

/** Calls a handler for entries, and then `end` once with the outcome of each, now or later. Never throws. */
export type HandlerCall = (entries: readonly BatchEntry[], end: (outcomes: readonly Outcome[]) => void) => void;

/** A message whose instrumentations have let it in. */
interface Entered extends BatchEntry {
  readonly index: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs a batch whose messages are seen by instrumentations. Each message has a call of their `handle`, and its `run` lets that message
 * in. When the last one is in, the handler starts, in the async context of that call. For each message `run` returns a promise of its own
 * outcome. A message that an instrumentation rejects, or that is lost while one waits, is not handled, and the others are.
 */
export function runSeenBatch(entries: readonly BatchEntry[], attempts: EndsAttempts, call: HandlerCall): void {
  const entered: Entered[] = [];
  let awaited = entries.length;
  const arrived = (): void => {
    awaited -= 1;
    if (awaited === 0) startEntered(entered, attempts, call);
  };
  for (const [index, entry] of entries.entries()) {
    const { item } = entry;
    let isIn = false;
    const enter = (): Promise<void> => {
      isIn = true;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // An instrumentation may leave it unobserved.
      promise.catch(() => {});
      entered.push({ ...entry, index, resolve, reject });
      arrived();
      return promise;
    };
    const end = (outcome: Outcome): void => {
      reported(attempts.end(item, outcome));
      if (!isIn) arrived();
    };
    let result: unknown = undefined;
    try {
      result = item.seen === undefined ? enter() : item.seen.handle(enter, () => attempts.mayGoOn(item));
    } catch (error) {
      end(outcomeOf(error));
      continue;
    }
    if (!isPromiseLike(result)) end(ACK);
    else
      Promise.resolve(result).then(
        () => end(ACK),
        (error: unknown) => end(outcomeOf(error)),
      );
  }
}

function startEntered(entered: readonly Entered[], attempts: EndsAttempts, call: HandlerCall): void {
  const running = entered.filter((entry) => mayGoOn(entry, attempts)).toSorted((one, other) => one.index - other.index);
  if (running.length === 0) return;
  call(running, (outcomes) => {
    for (const [index, { resolve, reject }] of running.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined && "error" in outcome) reject(outcome.error);
      else resolve();
    }
  });
}

/** Another message's instrumentation may have waited for long. */
function mayGoOn({ item, reject }: Entered, attempts: EndsAttempts): boolean {
  try {
    if (attempts.mayGoOn(item)) return true;
    throw new PubSubError("LEASE_LOST", "the attempt ended before its handler started");
  } catch (error) {
    reject(error);
    return false;
  }
}
