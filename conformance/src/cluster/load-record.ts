import type { PubSubError } from "@anytopic/core";
import { isOrdered, LongestPause, type Pauses } from "./longest-pause.ts";

/** What publishers were told and what handlers saw. Pure, and judged while it is written. */
export class LoadRecord {
  /** A message of an ordered key that started before an earlier one of its key was settled. */
  readonly outOfOrder: string[] = [];
  /** An attempt whose number is smaller than the number of starts. */
  readonly lowAttempts: string[] = [];
  /** How many publishes were rejected, by code. */
  readonly refusals: Map<string, number> = new Map<string, number>();
  /** Refusals that do not say "try again". */
  readonly finalRefusals: string[] = [];
  confirmations = 0;
  repeats = 0;
  /** The most that an attempt's number was greater than the number of starts: deliveries that never started. */
  unstarted = 0;
  readonly #keys: readonly string[];
  readonly #copiesRetries: boolean;
  readonly #confirmed = new Map<string, Set<number>>();
  readonly #settled = new Map<string, Set<number>>();
  readonly #rejected = new Set<string>();
  readonly #starts = new Map<string, number>();
  /** There may be two copies of each, and each has its own attempts. */
  readonly #copied = new Set<string>();
  readonly #publishing = new LongestPause();
  readonly #handling = new LongestPause();

  /** `keys`: all that will be published. */
  constructor(keys: readonly string[], copiesRetries: boolean) {
    this.#keys = keys;
    this.#copiesRetries = copiesRetries;
  }

  confirmed(key: string, number: number): void {
    numbersOf(this.#confirmed, key).add(number);
    this.confirmations += 1;
    this.#publishing.moved(key);
  }

  refused(key: string, number: number, { code, message, retryable }: PubSubError): void {
    this.#copied.add(idOf(key, number));
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    if (!retryable) this.finalRefusals.push(`${code} ${message}`);
  }

  /** Returns how often it has started, and what is wrong with it. */
  started(
    key: string,
    number: number,
    attempt: number,
  ): { readonly starts: number; readonly wrong: readonly string[] } {
    const starts = (this.#starts.get(idOf(key, number)) ?? 0) + 1;
    this.#starts.set(idOf(key, number), starts);
    const wrong = [...this.#wrongOrder(key, number), ...this.#wrongAttempt(key, number, attempt, starts)];
    return { starts, wrong };
  }

  /** The handler threw, and it will be retried. */
  failed(key: string, number: number): void {
    if (this.#copiesRetries && !isOrdered(key)) this.#copied.add(idOf(key, number));
  }

  /** The handler sends it to the dead letters. */
  rejected(key: string, number: number): void {
    this.#rejected.add(idOf(key, number));
    this.#settle(key, number);
  }

  done(key: string, number: number): void {
    if (this.#settle(key, number)) this.repeats += 1;
  }

  get refusedCount(): number {
    return [...this.refusals.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The ids of all that must be dead letters. */
  get rejectedIds(): ReadonlySet<string> {
    return this.#rejected;
  }

  /** Confirmed, and neither handled nor rejected yet. */
  missing(): string[] {
    const missing: string[] = [];
    for (const [key, numbers] of this.#confirmed) {
      const settled = numbersOf(this.#settled, key);
      for (const number of numbers) if (!settled.has(number)) missing.push(idOf(key, number));
    }
    return missing;
  }

  /** Of every key, how many messages were confirmed and how many were settled: the smallest number. */
  get slowest(): number {
    return Math.min(
      ...this.#keys.map((key) => Math.min(numbersOf(this.#confirmed, key).size, numbersOf(this.#settled, key).size)),
    );
  }

  /** For how long, since the last call, a key was not published, or not handled: of all keys the longest time, in ms. */
  takePauses(): Readonly<Record<"publishing" | "handling", Pauses>> {
    return { publishing: this.#publishing.take(), handling: this.#handling.take() };
  }

  /** Returns whether it was settled before. */
  #settle(key: string, number: number): boolean {
    const settled = numbersOf(this.#settled, key);
    const isRepeat = settled.has(number);
    settled.add(number);
    this.#handling.moved(key);
    return isRepeat;
  }

  #wrongOrder(key: string, number: number): readonly string[] {
    if (!isOrdered(key)) return [];
    const settled = numbersOf(this.#settled, key);
    for (let earlier = number - 1; earlier >= 1; earlier -= 1) {
      if (settled.has(earlier)) continue;
      const wrong = `${key}: ${number} started before ${earlier} was settled`;
      this.outOfOrder.push(wrong);
      return [wrong];
    }
    return [];
  }

  #wrongAttempt(key: string, number: number, attempt: number, starts: number): readonly string[] {
    const isSettled = numbersOf(this.#settled, key).has(number);
    if (isSettled || this.#copied.has(idOf(key, number))) return [];
    this.unstarted = Math.max(this.unstarted, attempt - starts);
    if (attempt >= starts) return [];
    const wrong = `${key}: start ${starts} of ${number} was called attempt ${attempt}`;
    this.lowAttempts.push(wrong);
    return [wrong];
  }
}

/** The id of a message of the load. */
export function idOf(key: string, number: number): string {
  return `${key}-${number}`;
}

function numbersOf(map: Map<string, Set<number>>, key: string): Set<number> {
  let numbers = map.get(key);
  if (numbers === undefined) map.set(key, (numbers = new Set()));
  return numbers;
}
