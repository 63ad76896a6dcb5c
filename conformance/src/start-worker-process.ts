import { fork, type ChildProcess } from "node:child_process";
import type { SubscriptionOptions } from "@anytopic/core";
import type { ProcessAdapter } from "./harness.ts";

/** The arguments of the program; JSON. */
export interface WorkerProcessTask extends ProcessAdapter {
  readonly topic: string;
  readonly subscription: { readonly name: string; readonly options: SubscriptionOptions };
  /** How long each run of the handler blocks the event loop before it succeeds, in ms. */
  readonly blockMs: number;
}

export type FromWorkerProcess =
  | { readonly type: "ready" }
  | { readonly type: "run" | "success"; readonly id: string; readonly attempt: number }
  | { readonly type: "closed"; readonly afterMs: number; readonly blockedMs: number };

/** `close`: for how long handlers may continue, in ms. */
export interface ToWorkerProcess {
  readonly close: number;
}

/** A worker in a separate process, whose event loop can be blocked, and which must end by itself. */
export interface WorkerProcess {
  /** Its output so far. */
  readonly said: readonly FromWorkerProcess[];
  /** Undefined while it runs, `"killed"` if it had to be killed. */
  readonly ended: number | "killed" | undefined;
  /** Tells it to close its connection; then it must end by itself. */
  close(timeoutMs: number): void;
  /** For the end of a behaviour: kills the process if it still runs. */
  kill(): Promise<void>;
}

const PROGRAM = new URL(`./worker-process.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

export function startWorkerProcess(task: WorkerProcessTask): WorkerProcess {
  const child = fork(PROGRAM, [JSON.stringify(task)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const said: FromWorkerProcess[] = [];
  child.on("message", (message: FromWorkerProcess) => said.push(message));
  const state: { ended: WorkerProcess["ended"] } = { ended: undefined };
  const gone = new Promise<void>((resolve) => {
    child.once("exit", (code) => {
      state.ended = code ?? "killed";
      resolve();
    });
    child.once("error", () => resolve());
  });
  return {
    said,
    get ended() {
      return state.ended;
    },
    close: (timeoutMs) => send(child, { close: timeoutMs }),
    async kill() {
      if (state.ended === undefined) child.kill("SIGKILL");
      await gone;
    },
  };
}

function send(child: ChildProcess, message: ToWorkerProcess): void {
  child.send(message);
}
