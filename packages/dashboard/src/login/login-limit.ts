/** How many wrong tokens are looked at before there are pauses. */
const BURST = 10;
/** After those, one more in so many ms. */
const EVERY_MS = 1000;

/** Makes guessing slow: a bucket of attempts, which fills up again. */
export class LoginLimit {
  #left = BURST;
  #sinceMs = performance.now();

  /** How long nobody may try, in ms; 0 when the next attempt may be looked at. */
  waitMs(): number {
    const nowMs = performance.now();
    this.#left = Math.min(BURST, this.#left + (nowMs - this.#sinceMs) / EVERY_MS);
    this.#sinceMs = nowMs;
    return this.#left >= 1 ? 0 : (1 - this.#left) * EVERY_MS;
  }

  wrong(): void {
    this.#left -= 1;
  }
}
