import type { TestWorker } from "./test-worker.ts";

/** Which subscriptions a gate is open for: all, those of a topic, or one. */
export interface GateTarget {
  readonly topic: string;
  /** All subscriptions of the topic when absent. */
  readonly subscription?: string | undefined;
}

/** Messages wait here until the test lets them be delivered. */
export class Gate {
  readonly workers: Set<TestWorker> = new Set<TestWorker>();
  /** False while the broker cannot be reached. */
  isConnected = true;
  readonly #isAlwaysOpen: boolean;
  #target: GateTarget | "all" | "none" = "none";
  #left = Number.POSITIVE_INFINITY;

  constructor(isAlwaysOpen: boolean) {
    this.#isAlwaysOpen = isAlwaysOpen;
  }

  /** How many more messages may pass before it is closed. */
  get left(): number {
    return this.#left;
  }

  /** Lets at most `most` messages pass until it is closed. */
  open(target: GateTarget | "all", most: number): void {
    this.#target = target;
    this.#left = most;
    this.pumpAll();
  }

  close(): void {
    this.#target = "none";
    this.#left = Number.POSITIVE_INFINITY;
  }

  pumpAll(): void {
    for (const worker of this.workers) worker.pump();
  }

  /** Whether a message of this worker may pass now. Counts it. */
  admit({ topic, subscription }: TestWorker): boolean {
    if (!this.isConnected || this.#left <= 0) return false;
    const target = this.#target;
    const isOpen =
      this.#isAlwaysOpen ||
      target === "all" ||
      (target !== "none" &&
        target.topic === topic &&
        (target.subscription === undefined || target.subscription === subscription));
    if (isOpen) this.#left -= 1;
    return isOpen;
  }
}
