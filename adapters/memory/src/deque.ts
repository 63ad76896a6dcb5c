const SMALLEST = 16;
/** A longer ring is given up when it runs empty: 128 KiB. */
const KEPT_WHEN_EMPTY = 16_384;

/** A first-in, first-out queue in a ring: adding and taking cost the same at any length. */
export class Deque<Item> {
  #ring: (Item | undefined)[] = emptyRing(SMALLEST);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: Item): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item;
    this.#size += 1;
  }

  peek(): Item | undefined {
    return this.#ring[this.#head];
  }

  shift(): Item | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size -= 1;
    if (this.#size === 0 && this.#ring.length > KEPT_WHEN_EMPTY) this.clear();
    return item;
  }

  clear(): void {
    this.#ring = emptyRing(SMALLEST);
    this.#head = 0;
    this.#size = 0;
  }

  #grow(): void {
    const larger: (Item | undefined)[] = emptyRing(this.#ring.length * 2);
    for (let index = 0; index < this.#size; index += 1) {
      larger[index] = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    }
    this.#ring = larger;
    this.#head = 0;
  }
}

/** The length must be a power of two. */
function emptyRing(length: number): undefined[] {
  // Filled, so that V8 keeps it as a packed array.
  return Array<undefined>(length).fill(undefined);
}
