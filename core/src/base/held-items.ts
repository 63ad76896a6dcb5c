/** What `HeldItems` needs of an item. Only the list changes these three. */
export interface Held<Item> {
  isHeld: boolean;
  older: Item | undefined;
  newer: Item | undefined;
}

/**
 * Items in the order in which they were added, as a list linked through the items. Not a `Map`: with an insertion and a deletion per
 * message, V8 copies a `Map` every few hundred messages and links the copies, so that an old copy keeps all later ones, with their
 * messages, until a full garbage collection.
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
    // A reference to an item must not keep its neighbours in memory.
    item.older = undefined;
    item.newer = undefined;
    this.#size -= 1;
    return true;
  }

  /** Searches from the oldest item on. Linear, but the item is mostly among the oldest. */
  find(matches: (item: Item) => boolean): Item | undefined {
    let item = this.#oldest;
    while (item !== undefined && !matches(item)) item = item.newer;
    return item;
  }

  /** A copy, because the caller's action for one item may remove others. */
  toArray(): Item[] {
    const items: Item[] = [];
    for (let item = this.#oldest; item !== undefined; item = item.newer) items.push(item);
    return items;
  }
}
