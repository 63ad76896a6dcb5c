import type { PubSubError } from "@anytopic/core/driver";
import { type GateTarget, isFor } from "./gate-target.ts";
import type { DeliveryMoment } from "../faults/fault-source.ts";

/** A worker whose messages wait at the gate. */
export interface GatedWorker {
  readonly topic: string;
  readonly subscription: string;
  readonly waiting: readonly DeliveryMoment[];
  /** Gives core what may pass the gate. */
  pump(): void;
  /** Core has started an attempt. */
  started(id: string, attempt: number): void;
  crash(): void;
  disconnect(error: PubSubError): void;
  reconnect(): void;
}

/** Messages wait here until the test lets them be delivered. */
export class Gate {
  readonly workers: Set<GatedWorker> = new Set<GatedWorker>();
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
  admit(worker: GatedWorker): boolean {
    if (!this.isConnected || this.#left <= 0) return false;
    const target = this.#target;
    const isOpen = this.#isAlwaysOpen || target === "all" || (target !== "none" && isFor(target, worker));
    if (isOpen) this.#left -= 1;
    return isOpen;
  }
}
