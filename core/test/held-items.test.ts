import { type Held, HeldItems } from "@anytopic/core/driver";
import { expect, test } from "vitest";

class Item implements Held<Item> {
  isHeld = false;
  older: Item | undefined = undefined;
  newer: Item | undefined = undefined;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

function filled(count: number): { readonly held: HeldItems<Item>; readonly items: readonly Item[] } {
  const held = new HeldItems<Item>();
  const items = Array.from({ length: count }, (_, index) => new Item(index));
  for (const item of items) held.add(item);
  return { held, items };
}

const names = (held: HeldItems<Item>): readonly number[] => held.toArray().map(({ name }) => name);

test.each([
  ["the oldest", 0, [1, 2, 3]],
  ["the newest", 3, [0, 1, 2]],
  ["one in between", 1, [0, 2, 3]],
])("%s can be deleted, once", (_, index, rest) => {
  const { held, items } = filled(4);
  expect(held.delete(items[index]!)).toBe(true);
  expect(held.delete(items[index]!)).toBe(false);
  expect(names(held)).toEqual(rest);
  expect(held.size).toBe(3);
});

test("items come in the order they were added, and can be added again when the list was empty", () => {
  const { held, items } = filled(2);
  for (const item of items) held.delete(item);
  expect([held.size, names(held)]).toEqual([0, []]);
  for (const item of items.toReversed()) held.add(item);
  expect(names(held)).toEqual([1, 0]);
});

test("the oldest match is found, and nothing where none matches", () => {
  const { held, items } = filled(4);
  expect(held.find(({ name }) => name % 2 === 1)).toBe(items[1]);
  expect(held.find(({ name }) => name > 3)).toBeUndefined();
});

test("a deleted item does not keep its neighbours", () => {
  const { held, items } = filled(3);
  held.delete(items[1]!);
  expect([items[1]!.older, items[1]!.newer]).toEqual([undefined, undefined]);
});
