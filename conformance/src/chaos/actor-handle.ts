import type { ActorCommand, ActorReport } from "./actor-task.ts";

/** A running actor, as the run of a schedule sees it. */
export interface ActorHandle {
  readonly by: string;
  /** Also when it has ended; then nothing happens. */
  send(command: ActorCommand): void;
  /** Resolves when it has said this, or has ended. */
  said(report: ActorReport["type"]): Promise<void>;
  /** Resolves with its exit code when it has ended; `null` when a signal ended it. */
  readonly gone: Promise<number | null>;
  /** Absent for an actor that has no process of its own. */
  readonly signal?: (signal: "SIGKILL" | "SIGSTOP" | "SIGCONT") => void;
}

/** What was said so far, and who waits for more. */
export class Reports {
  readonly #said = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  note(type: string): void {
    this.#said.add(type);
    for (const resolve of this.#waiting.get(type) ?? []) resolve();
  }

  said(type: string): Promise<void> {
    if (this.#said.has(type)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(type, [...(this.#waiting.get(type) ?? []), resolve]));
  }
}
