import type { Clock } from "@anytopic/core";

/** Nobody is asked more often than this, in ms, however many programs scrape. */
export const POLL_EVERY_MS = 15_000;
/** A scrape waits at most this long for answers, in ms: Prometheus itself waits 10 s by default. */
export const MAX_WAIT_MS = 2_000;
/** What is older is not shown, in ms. */
export const MAX_AGE_MS = 60_000;

export interface InquiryOptions<Answer> {
  readonly clock: Clock;
  readonly request: () => Promise<Answer>;
  readonly onFailed: (error: unknown) => void;
}

/** One question to a broker or a database, its last answer, and when it may be asked again. */
export class Inquiry<Answer> {
  readonly #options: InquiryOptions<Answer>;
  #answer: Answer | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;

  constructor(options: InquiryOptions<Answer>) {
    this.#options = options;
  }

  /** Asks when it is time. A request that has not ended is not repeated, however old it is. Gives what to wait for; it never rejects. */
  ask(): Promise<void> | undefined {
    const now = this.#options.clock.monotonicNow();
    if (this.#pending === undefined && now - this.#askedMs >= POLL_EVERY_MS) {
      this.#askedMs = now;
      this.#pending = this.#request();
    }
    return this.#pending;
  }

  /** The last answer, up to `MAX_AGE_MS`; `undefined` after a failed request. */
  get answer(): Answer | undefined {
    return this.#options.clock.monotonicNow() - this.#answeredMs > MAX_AGE_MS ? undefined : this.#answer;
  }

  async #request(): Promise<void> {
    const { clock, request, onFailed } = this.#options;
    try {
      this.#answer = await request();
      this.#answeredMs = clock.monotonicNow();
    } catch (error) {
      this.#answer = undefined;
      onFailed(error);
    }
    this.#pending = undefined;
  }
}
