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

  started(key: string, number: number): void {
    if (!key.startsWith("ordered")) return;
    const done = numbersOf(this.#done, key);
    for (let earlier = number - 1; earlier >= 1; earlier -= 1) {
      if (!done.has(earlier)) {
        this.outOfOrder.push(`${key}: ${number} started before ${earlier} was done`);
        return;
      }
    }
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

  /** The key with the fewest confirmations. */
  get slowest(): number {
    return Math.min(...this.#keys.map((key) => numbersOf(this.#confirmed, key).size));
  }

  /** For how long, since the last call, a key was not published, or not handled: of all keys the longest time, in ms. */
  takePauses(): { readonly publishingMs: number; readonly handlingMs: number } {
    return { publishingMs: this.#publishing.take(), handlingMs: this.#handling.take() };
  }
}

class LongestPause {
  readonly #movedAtMs = new Map<string, number>();
  #longestMs = 0;

  moved(key: string): void {
    const nowMs = performance.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - (this.#movedAtMs.get(key) ?? nowMs));
    this.#movedAtMs.set(key, nowMs);
  }

  take(): number {
    const longestMs = Math.round(this.#longestMs);
    this.#longestMs = 0;
    return longestMs;
  }
}

function numbersOf(map: Map<string, Set<number>>, key: string): Set<number> {
  let numbers = map.get(key);
  if (numbers === undefined) map.set(key, (numbers = new Set()));
  return numbers;
}
