import { type ChildProcess, fork } from "node:child_process";
import type { CrashTask, FromCrashWorker } from "./crash-worker.ts";

const PROGRAM = `${import.meta.dirname}/crash-worker.ts`;

/** Keeps some workers running: when one dies, another takes its place. */
export class CrashWorkers implements AsyncDisposable {
  /** How often each id was acknowledged by a process that told it. */
  readonly acked = new Set<string>();
  deaths = 0;
  readonly #task: CrashTask;
  readonly #children = new Set<ChildProcess>();
  #closed = false;

  constructor(task: CrashTask, count: number) {
    this.#task = task;
    for (let index = 0; index < count; index += 1) this.#start();
  }

  #start(): void {
    const child = fork(PROGRAM, [JSON.stringify(this.#task)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#children.add(child);
    child.on("message", (message: FromCrashWorker) => {
      if (message.type === "acked") this.acked.add(message.id);
    });
    child.once("exit", (_code, signal) => {
      this.#children.delete(child);
      if (this.#closed) return;
      // Anything else than its own death is a failure of the program, which the test shows by its time limit.
      if (signal === "SIGKILL") this.deaths += 1;
      this.#start();
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
