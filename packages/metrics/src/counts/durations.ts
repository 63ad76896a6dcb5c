import { OTHER } from "./error-type.ts";
import { Histogram } from "../exposition/histogram.ts";

/**
 * Error types of one topic or subscription that have a histogram of their own. A program may put anything into the name of an error; those
 * beyond this are counted together, as `_OTHER`.
 */
const MAX_ERROR_TYPES = 10;

/** Durations of one kind of work: those that succeeded, and those that failed by the type of their error. */
export class Durations {
  readonly succeeded: Histogram;
  readonly failed: Map<string, Histogram> = new Map<string, Histogram>();
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.succeeded = new Histogram(bounds);
  }

  fail(errorType: string, seconds: number): void {
    this.#histogramOf(errorType).observe(seconds);
  }

  #histogramOf(errorType: string): Histogram {
    const known = this.failed.get(errorType);
    if (known !== undefined) return known;
    if (errorType !== OTHER && this.failed.size >= MAX_ERROR_TYPES) return this.#histogramOf(OTHER);
    const made = new Histogram(this.#bounds);
    this.failed.set(errorType, made);
    return made;
  }
}
