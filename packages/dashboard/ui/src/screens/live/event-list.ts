import type { EventBatch, SeenEvent } from "../../../../src/api/event-batch.ts";

/** No more rows are in the document. */
export const MOST_ROWS = 300;
const RATE_SECONDS = 5;

/** The newest events of a stream, and how many there were in the last seconds. Changed in place: drawing reads it when there is time. */
export class EventList {
  /** The newest first. */
  rows: readonly SeenEvent[] = [];
  /** What has come since the list stands still. */
  held: readonly SeenEvent[] = [];
  heldCount = 0;
  missed = 0;
  restarted = false;
  isStill = false;
  #arrivals: (readonly [atMs: number, counts: ReadonlyMap<string, number>])[] = [];
  #sinceMs: number | undefined;

  add({ events, missed, restarted }: EventBatch): void {
    // The first message is the past.
    if (this.#sinceMs !== undefined) this.#count(events);
    this.#sinceMs ??= performance.now();
    this.missed += missed;
    if (restarted) this.restarted = true;
    const newest = events.slice(-MOST_ROWS).toReversed();
    if (this.isStill) {
      this.held = [...newest, ...this.held].slice(0, MOST_ROWS);
      this.heldCount += events.length;
    } else this.rows = [...newest, ...this.rows].slice(0, MOST_ROWS);
  }

  standStill(): void {
    this.isStill = true;
  }

  goOn(): void {
    this.rows = [...this.held, ...this.rows].slice(0, MOST_ROWS);
    this.held = [];
    this.heldCount = 0;
    this.isStill = false;
  }

  /** Events a second of each type. */
  rates(): ReadonlyMap<string, number> {
    this.#forget();
    const seconds = Math.min(RATE_SECONDS, Math.max(1, (performance.now() - (this.#sinceMs ?? 0)) / 1000));
    const rates = new Map<string, number>();
    for (const [, counts] of this.#arrivals) {
      for (const [type, count] of counts) rates.set(type, (rates.get(type) ?? 0) + count / seconds);
    }
    return rates;
  }

  #count(events: readonly SeenEvent[]): void {
    const counts = new Map<string, number>();
    for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
    this.#arrivals.push([performance.now(), counts]);
    this.#forget();
  }

  #forget(): void {
    const sinceMs = performance.now() - RATE_SECONDS * 1000;
    const kept = this.#arrivals.findIndex(([atMs]) => atMs >= sinceMs);
    this.#arrivals = kept === -1 ? [] : this.#arrivals.slice(kept);
  }
}
