/** What `HeldItems` needs of an item; all three are the list's to change. */
export interface Held<Item> {
  isHeld: boolean;
  older: Item | undefined;
  newer: Item | undefined;
}

/**
 * What somebody holds, in order of coming, as a list linked through the items. Not a `Map`: one that is added to and
 * deleted from at the rate of messages is copied every few hundred of them, and V8 chains the copies, so that an old one
 * keeps all that came after it, with the messages in them, until a full collection.
 */
export class HeldItems<Item extends Held<Item>> {
  #oldest: Item | undefined;
  #newest: Item | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): Item | undefined {
    return this.#oldest;
  }

  add(item: Item): void {
    item.isHeld = true;
    item.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
    this.#size += 1;
  }

  /** Returns whether it was held. */
  delete(item: Item): boolean {
    if (!item.isHeld) return false;
    const { older, newer } = item;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    item.isHeld = false;
    // Whoever keeps an item must not keep its neighbours.
    item.older = undefined;
    item.newer = undefined;
    this.#size -= 1;
    return true;
  }

  /** Looks from the oldest on: linear, but what is looked for is mostly among the oldest. */
  find(matches: (item: Item) => boolean): Item | undefined {
    let item = this.#oldest;
    while (item !== undefined && !matches(item)) item = item.newer;
    return item;
  }

  /** A copy: what is done with one item may end others. */
  toArray(): Item[] {
    const items: Item[] = [];
    for (let item = this.#oldest; item !== undefined; item = item.newer) items.push(item);
    return items;
  }
}
