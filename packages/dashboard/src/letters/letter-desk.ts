import type { AnySubscription } from "@anytopic/core";
import type { DashboardContext } from "../context.ts";
import { declaredSubscription, pathOf } from "../declared-subscription.ts";
import { LetterJobs } from "./letter-jobs.ts";
import { LetterReads } from "./letter-reads.ts";

/** What a dashboard knows of dead letters: the reads and the jobs, which all visitors share. */
export interface LetterDesk {
  readonly reads: LetterReads;
  readonly jobs: LetterJobs;
}

const desks = new WeakMap<DashboardContext, LetterDesk>();

export function deskOf(context: DashboardContext): LetterDesk {
  const known = desks.get(context);
  if (known !== undefined) return known;
  const reads = new LetterReads(context);
  const desk = { reads, jobs: new LetterJobs(context, reads) };
  desks.set(context, desk);
  return desk;
}

export interface NamedSubscription {
  /** `topic/name` */
  readonly of: string;
  readonly subscription: AnySubscription;
}

/** @throws HttpError 400 or 404 */
export function namedSubscription(of: unknown, context: DashboardContext): NamedSubscription {
  const subscription = declaredSubscription(context, of);
  return { of: pathOf(subscription), subscription };
}
