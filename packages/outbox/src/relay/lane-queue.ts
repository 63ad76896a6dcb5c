import type { LaneWork } from "./serve-lane.ts";

/**
 * The lanes that have work, the one that was served longest ago first. A lane is served once at a time here, and other relays keep out by
 * its lock.
 */
export class LaneQueue {
  readonly #find: () => Promise<readonly LaneWork[]>;
  #waiting: LaneWork[] = [];
  readonly #inService = new Set<number>();
  /** Lanes from which nothing could be taken: all that is there is held, or another relay has them. */
  readonly #barren = new Set<number>();
  readonly #servedAt = new Map<number, number>();
  #turns = 0;
  #emptyLooks = 0;
  #finding: Promise<void> | undefined;

  constructor(find: () => Promise<readonly LaneWork[]>) {
    this.#find = find;
  }

  /** How often nothing was found that can be done now, and nothing was being done. */
  get emptyLooks(): number {
    return this.#emptyLooks;
  }

  /** The next lane, which the caller gives back with `done`; undefined when there is none now. Rejects when the database fails. */
  async next(): Promise<LaneWork | undefined> {
    const first = this.#take();
    if (first !== undefined) return first;
    this.#finding ??= this.#refill();
    await this.#finding;
    return this.#take();
  }

  /** @param barren nothing could be taken from it: it waits for the next `look` */
  done({ lane }: LaneWork, barren: boolean): void {
    this.#inService.delete(lane);
    this.#turns += 1;
    this.#servedAt.set(lane, this.#turns);
    if (barren) this.#barren.add(lane);
  }

  /** Time has passed, or something new was written: every lane may have work again. */
  look(): void {
    this.#barren.clear();
  }

  #take(): LaneWork | undefined {
    const index = this.#waiting.findIndex(({ lane }) => !this.#inService.has(lane));
    const [work] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (work !== undefined) this.#inService.add(work.lane);
    return work;
  }

  async #refill(): Promise<void> {
    try {
      const found = await this.#find();
      const at = ({ lane }: LaneWork): number => this.#servedAt.get(lane) ?? 0;
      const isFree = ({ lane }: LaneWork): boolean => !this.#barren.has(lane) && !this.#inService.has(lane);
      this.#waiting = found.filter(isFree).toSorted((a, b) => at(a) - at(b));
      if (this.#waiting.length === 0 && this.#inService.size === 0) this.#emptyLooks += 1;
    } finally {
      this.#finding = undefined;
    }
  }
}
