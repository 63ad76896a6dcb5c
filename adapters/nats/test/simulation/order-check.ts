/** Watches every start and end of a handler, of all workers: message n+1 of a key must not start before n is done. */
export class OrderCheck {
  readonly violations: string[] = [];
  readonly #done = new Map<string, number>();

  started(worker: number, key: string, number: number, attempt: number, atMs: number): void {
    const last = this.#done.get(key) ?? 0;
    if (number > last + 1)
      this.violations.push(
        `${key}/${number} attempt ${attempt} started in ${worker} at ${atMs}, ${last} was the last one done`,
      );
  }

  done(key: string, number: number): void {
    this.#done.set(key, Math.max(this.#done.get(key) ?? 0, number));
  }

  get doneCount(): number {
    let sum = 0;
    for (const last of this.#done.values()) sum += last;
    return sum;
  }
}
