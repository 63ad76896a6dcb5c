import { NumberWindow } from "@anytopic/core/driver";
import { expect, test } from "vitest";

test("numbers count up from the first, and each item is taken once", () => {
  const window = new NumberWindow<string>(7);
  expect([window.push("a"), window.push("b")]).toEqual([7, 8]);
  expect(window.take(8)).toBe("b");
  expect(window.take(8)).toBeUndefined();
  expect([window.first, window.next]).toEqual([7, 9]);
  expect(window.take(7)).toBe("a");
  expect([window.first, window.next]).toEqual([9, 9]);
});

test("numbers from before and after the window have nothing", () => {
  const window = new NumberWindow<string>();
  window.push("a");
  window.take(1);
  expect([window.get(0), window.get(1), window.take(1), window.take(2)]).toEqual(Array(4).fill(undefined));
});

test("gaps stay gaps, however long the window was, and what is kept is told in order", () => {
  const window = new NumberWindow<number>();
  for (let number = 1; number <= 10_000; number += 1) window.push(number);
  for (let number = 10_000; number > 0; number -= 1) if (number % 1000 !== 0) window.take(number);
  expect([...window.items()]).toEqual(Array.from({ length: 10 }, (_, index) => (index + 1) * 1000));
  expect(window.first).toBe(1000);
  expect(window.get(5000)).toBe(5000);
});
