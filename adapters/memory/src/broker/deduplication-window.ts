/**
 * The ids published on a topic within the last `windowMs`, at most `maxIds` of them.
 *
 * They are kept in two generations. When the current one is older than the window, a new one begins. Every id of the
 * previous generation has expired then, so it is dropped as a whole.
 */
export class DeduplicationWindow {
  readonly #windowMs: number;
  readonly #maxIds: number;
  /** Id to the time when it was published, counted from the generation's start. */
  #current = new Map<string, number>();
  #currentStartMs = 0;
  #previous = new Map<string, number>();
  #previousStartMs = 0;

  constructor(windowMs: number, maxIds: number) {
    this.#windowMs = windowMs;
    this.#maxIds = maxIds;
  }

  has(id: string, nowMs: number): boolean {
    const current = this.#current.get(id);
    if (current !== undefined) return nowMs - this.#currentStartMs - current < this.#windowMs;
    if (this.#previous.size === 0) return false;
    const previous = this.#previous.get(id);
    return previous !== undefined && nowMs - this.#previousStartMs - previous < this.#windowMs;
  }

  /** Whether one more id can be remembered without forgetting another too early. */
  hasRoom(nowMs: number): boolean {
    this.#turn(nowMs);
    return this.#current.size < this.#maxIds / 2 || this.#previous.size === 0;
  }

  /** Requires `hasRoom`. */
  remember(id: string, nowMs: number): void {
    if (this.#current.size >= this.#maxIds / 2) this.#begin(nowMs);
    this.#current.set(id, nowMs - this.#currentStartMs);
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#currentStartMs;
    if (ageMs < this.#windowMs) return;
    this.#begin(nowMs);
    if (ageMs >= 2 * this.#windowMs) this.#previous = new Map();
  }

  #begin(nowMs: number): void {
    this.#previous = this.#current;
    this.#previousStartMs = this.#currentStartMs;
    this.#current = new Map();
    this.#currentStartMs = nowMs;
  }
}
