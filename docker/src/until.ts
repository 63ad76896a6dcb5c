import { setTimeout as sleep } from "node:timers/promises";

/** How long `until` waits, and how often it looks. */
export interface UntilOptions {
  /** Rejects after this long. */
  readonly deadlineMs: number;
  /** Pause between two checks. @default 50 */
  readonly everyMs?: number | undefined;
  /** Ends the sentence "waited 5000 ms for ..." of the error. */
  readonly what: string;
}

/** Repeats `check` until it returns something other than `undefined`, and resolves with that. */
export async function until<T>(check: () => Promise<T | undefined> | T | undefined, options: UntilOptions): Promise<T> {
  const deadline = performance.now() + options.deadlineMs;
  for (;;) {
    const result = await check();
    if (result !== undefined) return result;
    if (performance.now() > deadline) {
      throw new Error(`waited ${options.deadlineMs} ms for ${options.what}`);
    }
    await sleep(options.everyMs ?? 50);
  }
}
