import { type ChildProcess, fork } from "node:child_process";
import type { CrashTask, FromCrashWorker } from "./crash-worker.ts";

const PROGRAM = `${import.meta.dirname}/crash-worker.ts`;

/** Keeps a worker for each task running: when one dies, another takes its place. */
export class CrashWorkers implements AsyncDisposable {
  /** The ids that were acknowledged, as far as a process could tell it. */
  readonly acked = new Set<string>();
  deaths = 0;
  readonly #children = new Set<ChildProcess>();
  #closed = false;

  constructor(tasks: readonly CrashTask[]) {
    for (const task of tasks) this.#start(task);
  }

  #start(task: CrashTask): void {
    const child = fork(PROGRAM, [JSON.stringify(task)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#children.add(child);
    child.on("message", (message: FromCrashWorker) => {
      this.acked.add(message.acked);
    });
    child.once("exit", (_code, signal) => {
      this.#children.delete(child);
      if (this.#closed) return;
      // Anything else than its own death is a failure of the program, which the test shows by its time limit.
      if (signal === "SIGKILL") this.deaths += 1;
      this.#start(task);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const ends = [...this.#children].map(async (child) => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    });
    await Promise.all(ends);
  }
}
