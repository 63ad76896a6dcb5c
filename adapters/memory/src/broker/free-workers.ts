import { Deque } from "@anytopic/core/driver";
import type { Worker } from "./worker.ts";

/** The workers with a free place, in the order in which they get the next message. */
export class FreeWorkers {
  readonly #workers = new Deque<Worker>();

  get size(): number {
    return this.#workers.length;
  }

  add(worker: Worker): void {
    if (worker.isFree) return;
    worker.isFree = true;
    this.#workers.push(worker);
  }

  remove(worker: Worker): void {
    if (!worker.isFree) return;
    worker.isFree = false;
    this.#workers.remove((other) => other === worker);
  }

  /** Takes one place of the worker whose turn it is, and of another than `avoid` when there is one. */
  take(avoid: Worker | undefined): Worker {
    if (this.#workers.peek() === avoid && this.#workers.length > 1) this.#workers.push(this.#workers.shift() as Worker);
    const worker = this.#workers.shift() as Worker;
    worker.outstanding += 1;
    if (worker.outstanding < worker.maxOutstanding) this.#workers.push(worker);
    else worker.isFree = false;
    return worker;
  }
}
