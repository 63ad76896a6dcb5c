import { expect, test } from "vitest";
import { systemClock } from "@anytopic/core";

test("no timer of the system clock fires early, also in a busy process", async () => {
  let isBusy = true;
  const spin = (): void => {
    if (isBusy) setImmediate(spin);
  };
  spin();
  const early: number[] = [];
  const timer = async (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const dueMs = performance.now() + delayMs;
      systemClock.setTimer(() => {
        if (performance.now() < dueMs) early.push(dueMs - performance.now());
        resolve();
      }, delayMs);
    });
  await Promise.all(Array.from({ length: 2000 }, async (_, index) => timer(5 + (index % 200) / 10)));
  isBusy = false;
  expect(early).toEqual([]);
});
