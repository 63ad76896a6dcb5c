const MAX_REMEMBERED = 10_000;

/**
 * When the retries that this worker asked for are due, by the monotonic clock. A broker that was killed may bring them
 * back sooner: nats-server keeps whole seconds of a delay, and after a restart a retry came up to 2.2 s early (2.9.10,
 * 2026-11-26). Bounded; the oldest are forgotten.
 */
export class RetryTimes {
  readonly #dueMs = new Map<string, number>();

  note(id: string, dueMs: number): void {
    this.#dueMs.delete(id);
    this.#dueMs.set(id, dueMs);
    if (this.#dueMs.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#dueMs.keys()) return void this.#dueMs.delete(oldest);
  }

  /** How much too early a message comes, in ms; 0 for one that is due or not known. Forgets it. */
  takeEarlyMs(id: string, nowMs: number): number {
    const dueMs = this.#dueMs.get(id);
    if (dueMs === undefined) return 0;
    this.#dueMs.delete(id);
    return Math.max(0, dueMs - nowMs);
  }
}
