import type { PubSubError } from "@anytopic/core";

/** What publishers were told and what handlers saw. Pure, and judged while it is written. */
export class LoadRecord {
  /** A message of an ordered key that started before an earlier one of its key was done. */
  readonly outOfOrder: string[] = [];
  /** How many publishes were rejected, by code. */
  readonly refusals = new Map<string, number>();
  /** Refusals that do not say "try again". */
  readonly finalRefusals: string[] = [];
  confirmations = 0;
  repeats = 0;
  readonly #keys: readonly string[];
  readonly #confirmed = new Map<string, Set<number>>();
  readonly #done = new Map<string, Set<number>>();
  readonly #publishing = new LongestPause();
  readonly #handling = new LongestPause();

  /** `keys`: all that will be published. */
  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  confirmed(key: string, number: number): void {
    numbersOf(this.#confirmed, key).add(number);
    this.confirmations += 1;
    this.#publishing.moved(key);
  }

  refused({ code, message, retryable }: PubSubError): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    if (!retryable) this.finalRefusals.push(`${code} ${message}`);
  }

  /** Returns what is wrong with it. */
  started(key: string, number: number): readonly string[] {
    if (!isOrdered(key)) return [];
    const done = numbersOf(this.#done, key);
    for (let earlier = number - 1; earlier >= 1; earlier -= 1) {
      if (!done.has(earlier)) {
        const violation = `${key}: ${number} started before ${earlier} was done`;
        this.outOfOrder.push(violation);
        return [violation];
      }
    }
    return [];
  }

  done(key: string, number: number): void {
    const done = numbersOf(this.#done, key);
    if (done.has(number)) this.repeats += 1;
    done.add(number);
    this.#handling.moved(key);
  }

  get refusedCount(): number {
    return [...this.refusals.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Confirmed, and not handled yet. */
  missing(): string[] {
    const missing: string[] = [];
    for (const [key, numbers] of this.#confirmed) {
      const done = numbersOf(this.#done, key);
      for (const number of numbers) if (!done.has(number)) missing.push(`${key}/${number}`);
    }
    return missing;
  }

  /** Of every key, how many messages were confirmed and how many were handled: the smallest number. */
  get slowest(): number {
    return Math.min(
      ...this.#keys.map((key) => Math.min(numbersOf(this.#confirmed, key).size, numbersOf(this.#done, key).size)),
    );
  }

  /** For how long, since the last call, a key was not published, or not handled: of all keys the longest time, in ms. */
  takePauses(): Readonly<Record<"publishing" | "handling", Pauses>> {
    return { publishing: this.#publishing.take(), handling: this.#handling.take() };
  }
}

/** The longest ones, in ms. */
interface Pauses {
  readonly orderedMs: number;
  readonly unorderedMs: number;
}

class LongestPause {
  readonly #movedAtMs = new Map<string, number>();
  #orderedMs = 0;
  #unorderedMs = 0;

  moved(key: string): void {
    const nowMs = performance.now();
    const pauseMs = nowMs - (this.#movedAtMs.get(key) ?? nowMs);
    this.#movedAtMs.set(key, nowMs);
    if (isOrdered(key)) this.#orderedMs = Math.max(this.#orderedMs, pauseMs);
    else this.#unorderedMs = Math.max(this.#unorderedMs, pauseMs);
  }

  take(): Pauses {
    const pauses = { orderedMs: Math.round(this.#orderedMs), unorderedMs: Math.round(this.#unorderedMs) };
    this.#orderedMs = 0;
    this.#unorderedMs = 0;
    return pauses;
  }
}

function isOrdered(key: string): boolean {
  return key.startsWith("ordered");
}

function numbersOf(map: Map<string, Set<number>>, key: string): Set<number> {
  let numbers = map.get(key);
  if (numbers === undefined) map.set(key, (numbers = new Set()));
  return numbers;
}
