const FIRST_CAPACITY = 16;

/** A first-in-first-out queue with constant-time `push` and `shift`: a ring that doubles when it is full. `Array.shift` is linear. */
export class Deque<Item> {
  #ring: (Item | undefined)[] = new Array<Item | undefined>(FIRST_CAPACITY);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: Item): void {
    const length = this.#length;
    if (length === this.#ring.length) this.#resize(length * 2);
    const ring = this.#ring;
    ring[(this.#head + length) & (ring.length - 1)] = item;
    this.#length = length + 1;
  }

  peek(): Item | undefined {
    return this.#ring[this.#head];
  }

  shift(): Item | undefined {
    // Each private field is read once: V8 inlines short functions only.
    const ring = this.#ring;
    const head = this.#head;
    const item = ring[head];
    if (item === undefined) return undefined;
    ring[head] = undefined;
    this.#head = (head + 1) & (ring.length - 1);
    this.#length -= 1;
    if (ring.length > 1024 && this.#length === 0) this.#resize(FIRST_CAPACITY);
    return item;
  }

  /** All items, the first one first. Linear. */
  *[Symbol.iterator](): Iterator<Item> {
    const { length } = this.#ring;
    for (let index = 0; index < this.#length; index += 1) yield this.#ring[(this.#head + index) & (length - 1)] as Item;
  }

  /** Removes every item for which `matches` is true and returns them in order. Linear. */
  remove(matches: (item: Item) => boolean): Item[] {
    const removed: Item[] = [];
    for (let left = this.#length; left > 0; left -= 1) {
      const item = this.shift() as Item;
      if (matches(item)) removed.push(item);
      else this.push(item);
    }
    return removed;
  }

  #resize(capacity: number): void {
    const ring = new Array<Item | undefined>(capacity);
    for (let index = 0; index < this.#length; index += 1) {
      ring[index] = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    }
    this.#ring = ring;
    this.#head = 0;
  }
}
