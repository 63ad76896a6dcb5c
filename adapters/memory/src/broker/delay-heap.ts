/** What a `DelayHeap` needs in an item. */
export interface Delayed {
  /** In the broker's time. */
  dueMs: number;
  /** Breaks ties: lower first. */
  order: number;
}

/** Items by due time. Items that are due at the same time keep the order in which they were added. */
export class DelayHeap<Item extends Delayed> {
  readonly #items: Item[] = [];
  #added = 0;

  get size(): number {
    return this.#items.length;
  }

  /** All items, in no order. */
  get items(): readonly Item[] {
    return this.#items;
  }

  peek(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    item.order = this.#added;
    this.#added += 1;
    let index = items.length;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = items[parent] as Item;
      if (!before(item, above)) break;
      items[index] = above;
      index = parent;
    }
    items[index] = item;
  }

  pop(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= items.length) break;
      const right = left + 1;
      const child = right < items.length && before(items[right] as Item, items[left] as Item) ? right : left;
      const below = items[child] as Item;
      if (!before(below, last)) break;
      items[index] = below;
      index = child;
    }
    items[index] = last;
    return first;
  }
}

function before(left: Delayed, right: Delayed): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
}
