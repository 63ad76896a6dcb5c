/** How many messages the workers of one drain may still start, together. */
export class StartLimit {
  #left: number;
  readonly #onReached: () => void;

  /** @param onReached called once, when the last message starts */
  constructor(messages: number, onReached: () => void) {
    this.#left = messages;
    this.#onReached = onReached;
  }

  /** Whether one more may start. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    if (this.#left === 0) this.#onReached();
    return true;
  }
}
