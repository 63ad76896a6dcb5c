/**
 * Items by consecutive numbers, such as delivery tags of a channel. To add at the end and to remove from the start is cheap, and gaps are
 * allowed. Not a `Map`, for the reason that `HeldItems` gives.
 */
export class NumberWindow<Item> {
  #items: (Item | undefined)[] = [];
  #start = 0;
  #first: number;

  /** @param first the number of the first item */
  constructor(first = 1) {
    this.#first = first;
  }

  /** The number that the next `push` returns. */
  get next(): number {
    return this.#first + this.#items.length - this.#start;
  }

  /** The lowest number that is kept; equals `next` when empty. */
  get first(): number {
    return this.#first;
  }

  push(item: Item): number {
    const number = this.next;
    this.#items.push(item);
    return number;
  }

  get(number: number): Item | undefined {
    return number < this.#first ? undefined : this.#items[this.#start + number - this.#first];
  }

  /** Removes and returns the item of a number. */
  take(number: number): Item | undefined {
    if (number < this.#first) return undefined;
    const index = this.#start + number - this.#first;
    const item = this.#items[index];
    if (item === undefined) return undefined;
    this.#items[index] = undefined;
    if (index === this.#start) this.#dropGaps();
    return item;
  }

  /** Removes the lowest number. */
  shift(): void {
    this.#items[this.#start] = undefined;
    this.#start += 1;
    this.#first += 1;
    if (this.#start >= 1024 && this.#start * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
  }

  /** All items, lowest number first. */
  *items(): Generator<Item> {
    for (let index = this.#start; index < this.#items.length; index++) {
      const item = this.#items[index];
      if (item !== undefined) yield item;
    }
  }

  #dropGaps(): void {
    while (this.#start < this.#items.length && this.#items[this.#start] === undefined) this.shift();
  }
}
