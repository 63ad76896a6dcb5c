import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { disown, own } from "./watchdog.ts";
import { until } from "./until.ts";
import { untilStopped } from "./until-stopped.ts";

/** A program that a test starts. */
export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. @default this process's */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Receives standard output and standard error. */
  readonly logFile: string;
}

/** A child in its own process group, which ends at the latest with this process. */
export interface ManagedProcess {
  readonly pid: number;
  readonly running: boolean;
  /** SIGKILL to the whole group; resolves when its leader is reaped. */
  readonly kill: () => Promise<void>;
  /** SIGSTOP or SIGCONT to the whole group; resolves when it has taken effect. */
  readonly signal: (signal: "SIGSTOP" | "SIGCONT") => Promise<void>;
}

/** Starts a program. Rejects when it cannot be executed; the caller must check whether it then works. */
export async function startProcess(spec: ProcessSpec): Promise<ManagedProcess> {
  const log = openSync(spec.logFile, "a");
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env ?? process.env,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) {
    throw await new Promise<Error>((resolve) => child.once("error", resolve));
  }
  own(`group:${pid}`);

  let running = true;
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      running = false;
      disown(`group:${pid}`);
      resolve();
    });
  });
  // A script that does not close its broker must still be able to end.
  child.unref();

  return {
    pid,
    get running() {
      return running;
    },
    async signal(signal) {
      if (running && signalGroup(pid, signal) && signal === "SIGSTOP") await untilStopped(pid);
    },
    async kill() {
      if (!running) return;
      child.ref();
      signalGroup(pid, "SIGKILL");
      await exited;
      // The leader's children are reaped by init, which may be slow, or missing in a container.
      await until(() => (signalGroup(pid, 0) ? undefined : true), {
        deadlineMs: 1_000,
        everyMs: 5,
        what: `process group ${pid} to end`,
      }).catch(() => {});
    },
  };
}

/** The end of a log file, for error messages. */
export function logTail(logFile: string, lines = 15): string {
  try {
    return readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
