/**
 * The oracle: pure functions that return what is wrong in the event log; an empty result means nothing. They use only
 * what publishers were told and what handlers saw, never an adapter's own bookkeeping.
 */
import type { LogEntry } from "./event-log.ts";
import { few } from "./expect.ts";

type Of<Type extends LogEntry["type"]> = Extract<LogEntry, { type: Type }>;

function of<Type extends LogEntry["type"]>(log: readonly LogEntry[], type: Type): readonly Of<Type>[] {
  return log.filter((entry): entry is Of<Type> => entry.type === type);
}

interface Run {
  readonly start: Of<"handler-start">;
  readonly end: Of<"handler-end"> | undefined;
}

/** Handler runs of one subscription, in order of their starts. */
function runs(log: readonly LogEntry[], subscription: string): readonly Run[] {
  const ends = new Map(of(log, "handler-end").map((end) => [end.run, end]));
  return of(log, "handler-start")
    .filter((start) => start.subscription === subscription)
    .map((start) => ({ start, end: ends.get(start.run) }));
}

function deadLettered(log: readonly LogEntry[], subscription: string): ReadonlyMap<string, number> {
  const atMs = new Map<string, number>();
  for (const { event, atMs: seenMs } of of(log, "observed")) {
    if (event.type === "dead-letter" && event.subscription === subscription) atMs.set(event.id, seenMs);
  }
  return atMs;
}

/** Every message that the publisher was told is accepted was completed or dead-lettered. */
export function lost(log: readonly LogEntry[], topic: string, subscription: string): readonly string[] {
  const completed = new Set(runs(log, subscription).flatMap(({ start, end }) => (end?.ok ? [start.id] : [])));
  const letters = deadLettered(log, subscription);
  const missing = of(log, "publish-ok").filter(
    ({ topic: to, id }) => to === topic && !completed.has(id) && !letters.has(id),
  );
  return missing.length === 0
    ? []
    : [`lost: accepted and never completed on ${subscription}: seq ${few(missing.map(({ seq }) => seq))}`];
}

/** No message arrived that was never published there, has another id, or is damaged. */
export function foreign(log: readonly LogEntry[], subscription: string): readonly string[] {
  const started = new Set(of(log, "publish-start").map(({ topic, seq }) => `${topic} ${seq}`));
  const ids = new Map(of(log, "publish-ok").map(({ topic, seq, id }) => [`${topic} ${seq}`, id]));
  return runs(log, subscription).flatMap(({ start }) => {
    const message = `${start.topic} ${start.seq}`;
    if (!start.intact) return [`damaged: seq ${start.seq} arrived with other content than it was published with`];
    if (!started.has(message))
      return [`unknown: seq ${start.seq} arrived on ${subscription}, it was not published there`];
    const id = ids.get(message);
    return id === undefined || id === start.id
      ? []
      : [`unknown: seq ${start.seq} was published as ${id} and arrived as ${start.id}`];
  });
}

/** Completed messages do not start again. More than one completion is a duplicate, even if they overlapped. */
export function duplicates(log: readonly LogEntry[], subscription: string): readonly string[] {
  const completions = new Map<string, number>();
  const again = new Set<number>();
  for (const entry of log) {
    if (!("run" in entry) || entry.subscription !== subscription) continue;
    if (entry.type === "handler-start" && completions.has(entry.id)) again.add(entry.seq);
    if (entry.type === "handler-end" && entry.ok) {
      const count = (completions.get(entry.id) ?? 0) + 1;
      completions.set(entry.id, count);
      if (count > 1) again.add(entry.seq);
    }
  }
  return again.size === 0 ? [] : [`duplicate: started after completion on ${subscription}: seq ${few([...again])}`];
}

/**
 * The attempts of a message start at 1 and rise by one. With `exact` false they start anywhere and rise by at least
 * one.
 */
export function attempts(log: readonly LogEntry[], subscription: string, exact: boolean): readonly string[] {
  const last = new Map<string, number>();
  const wrong: string[] = [];
  for (const { start } of runs(log, subscription)) {
    const previous = last.get(start.id) ?? 0;
    const right = exact ? start.attempt === previous + 1 : start.attempt > previous;
    if (!right) wrong.push(`attempts: seq ${start.seq} had attempt ${start.attempt} after ${previous}`);
    last.set(start.id, start.attempt);
  }
  return wrong.slice(0, 5);
}

/**
 * For each key: messages start in order of publishing, and only when their predecessor was completed or dead-lettered.
 * With `ignoreCompleted`, runs of a message after its completion are left out.
 */
export function keyOrder(log: readonly LogEntry[], subscription: string, ignoreCompleted = false): readonly string[] {
  const letters = deadLettered(log, subscription);
  const byKey = new Map<string, Run[]>();
  for (const run of runs(log, subscription)) {
    const ofKey = byKey.get(run.start.key);
    if (ofKey === undefined) byKey.set(run.start.key, [run]);
    else ofKey.push(run);
  }
  return [...byKey].flatMap(([key, ofKey]) => {
    const settledMs = new Map<number, number>();
    for (const { start, end } of ofKey) {
      const atMs = end?.ok ? end.atMs : letters.get(start.id);
      if (atMs !== undefined) settledMs.set(start.seq, Math.min(atMs, settledMs.get(start.seq) ?? Infinity));
    }
    let current = -1;
    for (const { start } of ofKey) {
      if (ignoreCompleted && (settledMs.get(start.seq) ?? Infinity) < start.atMs) continue;
      if (start.seq < current) return [`order: key ${key}: seq ${start.seq} started after ${current}`];
      if (start.seq > current && current >= 0 && !((settledMs.get(current) ?? Infinity) <= start.atMs)) {
        return [`order: key ${key}: seq ${start.seq} started before ${current} was settled`];
      }
      current = start.seq;
    }
    return [];
  });
}

/** The largest number of handlers at the same time, of one worker or of all. */
export function highWater(log: readonly LogEntry[], subscription: string, worker?: string): number {
  let running = 0;
  let highest = 0;
  for (const entry of log) {
    if (!("run" in entry) || entry.subscription !== subscription) continue;
    if (worker !== undefined && entry.worker !== worker) continue;
    running += entry.type === "handler-start" ? 1 : -1;
    highest = Math.max(highest, running);
  }
  return highest;
}

/** Handlers that started and never ended. */
export function unfinished(log: readonly LogEntry[], subscription: string): readonly string[] {
  const open = runs(log, subscription).filter(({ end }) => end === undefined);
  return open.length === 0 ? [] : [`unfinished: handlers never ended: seq ${few(open.map(({ start }) => start.seq))}`];
}
