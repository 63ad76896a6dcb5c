import { afterThis } from "../../base/turns.ts";
import type { HandledBatch } from "../../observe/instrumentation.ts";
import type { InFlight, ItemBatch } from "../in-flight.ts";
import { RELEASE } from "../outcome.ts";
import { type EndsAttempts, type EventRun, reported } from "../run-handler.ts";

/** A message of a batch whose event can be handled. */
export interface BatchEntry {
  readonly item: InFlight;
  readonly event: unknown;
}

/** Runs a handler for a batch: it calls `attempts.end` once for each entry, now or later. Never throws. */
export type BatchRun = (entries: readonly BatchEntry[], attempts: EndsAttempts) => void;

/**
 * Messages that share one place, from their start until the last of them is settled. The handler starts when each of them can be
 * handled, or has left: because it cannot be decoded, was handled before, has expired, was lost, or waits for another handler that has the
 * same message. None of these holds up the others.
 */
export class Batch implements ItemBatch {
  readonly info: HandledBatch;
  abandoned = 0;
  readonly #run: BatchRun;
  /** Those that are being claimed, decoded or validated. */
  readonly #preparing: Set<InFlight>;
  #entries: BatchEntry[] = [];
  #attempts: EndsAttempts | undefined;
  #holders: number;
  #isSealed = false;
  #hasStarted = false;

  constructor(items: readonly InFlight[], run: BatchRun) {
    this.info = Object.freeze({ messages: items.length });
    this.#preparing = new Set(items);
    this.#holders = items.length;
    this.#run = run;
  }

  /** The attempts of all its messages have begun: nothing is added, and the handler may start. */
  seal(): void {
    this.#isSealed = true;
    this.#startWhenReady(false);
  }

  /** The item waits for the others. */
  ready(item: InFlight, event: unknown, attempts: EndsAttempts): void {
    this.#attempts = attempts;
    if (this.#preparing.delete(item)) this.#entries.push({ item, event });
    this.#startWhenReady();
  }

  leave(item: InFlight): void {
    if (this.#hasStarted) return;
    const wasReady = this.#entries.some((entry) => entry.item === item);
    if (wasReady) {
      this.#entries = this.#entries.filter((entry) => entry.item !== item);
      // Nobody else ends its attempt.
      reported(this.#attempts?.end(item, RELEASE));
    } else if (!this.#preparing.delete(item)) return;
    // The caller is in the middle of a settle, maybe of a driver's.
    afterThis(() => this.#startWhenReady());
  }

  free(): boolean {
    this.#holders -= 1;
    return this.#holders === 0;
  }

  /** @param haveWaited whether time has passed since the attempts began */
  #startWhenReady(haveWaited = true): void {
    if (!this.#isSealed || this.#hasStarted || this.#preparing.size > 0) return;
    this.#hasStarted = true;
    const attempts = this.#attempts;
    if (attempts === undefined) return;
    const entries = haveWaited ? this.#entries.filter(({ item }) => attempts.mayStart(item)) : this.#entries;
    this.#entries = [];
    for (const { item } of entries) item.beginAgain();
    if (entries.length > 0) this.#run(entries, attempts);
  }
}

/** Takes the place of a handler of one message. */
export const joinBatch: EventRun = (item, event, attempts) => {
  if (item.batch instanceof Batch) item.batch.ready(item, event, attempts);
};
