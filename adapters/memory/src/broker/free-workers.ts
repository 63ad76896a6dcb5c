import type { DeliverySink, PubSubError } from "@anytopic/core/driver";

/** A worker as its subscription sees it. */
export interface AttachedWorker {
  readonly sink: DeliverySink;
  readonly maxOutstanding: number;
  /** Unsettled deliveries with core. Only the subscription changes it. */
  outstanding: number;
  /** Whether it is in `FreeWorkers`, which alone changes it. */
  isFree: boolean;
  /** False once it was stopped: then it gets no more messages. */
  readonly isOpen: boolean;
  /** Its subscription was deleted, and its deliveries are revoked. `error` says so. */
  subscriptionDeleted(error: PubSubError): void;
}

/** The workers with a free place, in the order in which they get the next message. */
export class FreeWorkers {
  readonly #workers: AttachedWorker[] = [];

  get size(): number {
    return this.#workers.length;
  }

  add(worker: AttachedWorker): void {
    if (worker.isFree) return;
    worker.isFree = true;
    this.#workers.push(worker);
  }

  remove(worker: AttachedWorker): void {
    if (!worker.isFree) return;
    worker.isFree = false;
    this.#workers.splice(this.#workers.indexOf(worker), 1);
  }

  /** Takes one place of the worker whose turn it is, but not of `avoid` if there is another worker. */
  take(avoid: AttachedWorker | undefined): AttachedWorker {
    const workers = this.#workers;
    if (workers.length > 1 && workers[0] === avoid) workers.push(workers.shift() as AttachedWorker);
    const worker = workers[0] as AttachedWorker;
    worker.outstanding += 1;
    if (worker.outstanding >= worker.maxOutstanding) this.remove(worker);
    else if (workers.length > 1) workers.push(workers.shift() as AttachedWorker);
    return worker;
  }
}
