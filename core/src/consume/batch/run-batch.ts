import type { BatchEntry, BatchRun } from "./batch.ts";
import type { BatchHandler } from "./batch-handler.ts";
import { batchOutcomes } from "./batch-outcomes.ts";
import { type HandlerCall, runSeenBatch } from "./run-seen-batch.ts";
import { isPromiseLike } from "../../base/promise-like.ts";
import { ACK, type Outcome, outcomeOf } from "../outcome.ts";
import { reported } from "../run-handler.ts";

/** Runs a batch handler: what it returns or throws decides the outcome of every message. */
export function runBatchHandler<Event>(handler: BatchHandler<Event>): BatchRun {
  const call: HandlerCall = (entries, end) => callHandler(handler, entries, end);
  return (entries, attempts) => {
    if (entries.some(({ item }) => item.seen !== undefined)) return runSeenBatch(entries, attempts, call);
    return call(entries, (outcomes) => {
      for (const [index, { item }] of entries.entries()) reported(attempts.end(item, outcomes[index] ?? ACK));
    });
  };
}

function callHandler<Event>(
  handler: BatchHandler<Event>,
  entries: readonly BatchEntry[],
  end: (outcomes: readonly Outcome[]) => void,
): void {
  const failAll = (error: unknown): void => end(new Array<Outcome>(entries.length).fill(outcomeOf(error)));
  const decide = (value: unknown): void => {
    let outcomes: readonly Outcome[];
    try {
      outcomes = batchOutcomes(value, entries.length) ?? new Array<Outcome>(entries.length).fill(ACK);
    } catch (error) {
      return failAll(error);
    }
    return end(outcomes);
  };
  let ending: Promise<unknown> | undefined;
  let returned: unknown;
  try {
    // The subscription's type parameter is the same for handler and topic; here events are `unknown`.
    const events = entries.map(({ event }) => event as Event);
    returned = handler(
      events,
      entries.map(({ item }) => item),
    );
    // To look at the returned value may throw, and so may its `then`.
    if (isPromiseLike(returned)) ending = Promise.resolve(returned);
  } catch (error) {
    return failAll(error);
  }
  if (ending === undefined) return decide(returned);
  ending.then(decide, failAll);
  return undefined;
}
