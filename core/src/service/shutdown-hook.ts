import { systemClock } from "../base/clock.ts";
import { pause } from "../base/pause.ts";

/** What a program does while it shuts down. */
export type ShutdownHook = () => void | Promise<void>;

/** A hook that fails stops nothing: it becomes a process warning, and the exit code is 1. */
export async function runShutdownHook(name: "onClosing" | "onClosed", hook: ShutdownHook): Promise<void> {
  try {
    await hook();
  } catch (error) {
    process.exitCode = 1;
    process.emitWarning(`${name} failed: ${error instanceof Error ? error.message : typeof error}`, {
      type: "AnytopicWarning",
      code: "ANYTOPIC_SHUTDOWN",
    });
  }
}

/** Runs a hook, and stops waiting for it after `limitMs`. @throws Error when it has not ended by then; what the hook throws */
export async function inTime(hook: ShutdownHook, limitMs: number): Promise<void> {
  const ended = new AbortController();
  const late = pause(systemClock, limitMs, ended.signal).then(() => {
    throw new Error(`it has not ended within ${limitMs} ms, and closing goes on`);
  });
  try {
    await Promise.race([hook(), late]);
  } finally {
    ended.abort();
  }
}
