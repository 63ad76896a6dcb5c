import { readdirSync, readFileSync } from "node:fs";
import { until } from "./until.ts";

const DEADLINE_MS = 10_000;
/** States in which a thread does not run: stopped, or ended. */
const STILL = /^[TtZX]$/;

/**
 * Resolves when no thread of a process group is running. SIGSTOP reaches one thread of a process first, and the
 * others only when that thread gets the processor. On a busy machine they continue for a while after `kill` has
 * returned, and a server still answers. On systems without `/proc` the signal is trusted.
 */
export async function untilStopped(group: number): Promise<void> {
  await until(() => (runs(group) ? undefined : true), {
    deadlineMs: DEADLINE_MS,
    everyMs: 2,
    what: `process group ${group} to be stopped`,
  });
}

function runs(group: number): boolean {
  return children("/proc").some((pid) => {
    const [, , processGroup] = stat(`/proc/${pid}`);
    if (processGroup !== String(group)) return false;
    const tasks = `/proc/${pid}/task`;
    return children(tasks).some((thread) => {
      const [state] = stat(`${tasks}/${thread}`);
      return state !== undefined && !STILL.test(state);
    });
  });
}

function children(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/**
 * State, parent, group and so on; empty when the process has ended.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html (2026-11-26)
 */
function stat(folder: string): string[] {
  try {
    const text = readFileSync(`${folder}/stat`, "utf8");
    // The name before it may contain spaces and parentheses.
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
