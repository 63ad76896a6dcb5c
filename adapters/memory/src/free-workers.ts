import type { MemorySubscriber } from "./subscriber.ts";

/** The workers with a free place, in the order in which they get the next message. */
export class FreeWorkers {
  readonly #workers: MemorySubscriber[] = [];
  #next = 0;

  get size(): number {
    return this.#workers.length;
  }

  add(worker: MemorySubscriber): void {
    if (worker.isFree) return;
    worker.isFree = true;
    this.#workers.push(worker);
  }

  remove(worker: MemorySubscriber): void {
    if (!worker.isFree) return;
    worker.isFree = false;
    const index = this.#workers.indexOf(worker);
    this.#workers.splice(index, 1);
    if (index < this.#next) this.#next -= 1;
    if (this.#next >= this.#workers.length) this.#next = 0;
  }

  /** Takes one place of the worker whose turn it is, and of another than `avoid` when there is one. */
  take(avoid: MemorySubscriber | undefined): MemorySubscriber {
    let worker = this.#workers[this.#next] as MemorySubscriber;
    if (worker === avoid && this.#workers.length > 1) {
      this.#advance();
      worker = this.#workers[this.#next] as MemorySubscriber;
    }
    worker.outstanding += 1;
    if (worker.outstanding >= worker.maxOutstanding) this.remove(worker);
    else this.#advance();
    return worker;
  }

  #advance(): void {
    this.#next += 1;
    if (this.#next >= this.#workers.length) this.#next = 0;
  }
}
