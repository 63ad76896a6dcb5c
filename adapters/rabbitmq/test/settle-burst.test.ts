import { expect, test } from "vitest";
import { SettleBurst } from "../src/settle-burst.ts";

/** After so many settles, each sent `gapMs` after the one before, the last one at `0`. */
function burstOf(count: number, gapMs = 1): SettleBurst {
  const burst = new SettleBurst();
  for (let left = count - 1; left >= 0; left -= 1) burst.sent(1, 1_000_000 - left * gapMs);
  return burst;
}

const openMs = (burst: SettleBurst, afterMs: number): number => burst.openMs(1_000_000 + afterMs);

test("few settles, and those that had time, need no wait", () => {
  expect(openMs(burstOf(31), 0)).toBe(0);
  expect(openMs(burstOf(1000, 301), 0)).toBe(0);
});

test("a burst keeps the channel open for a while after its last settle", () => {
  expect(openMs(burstOf(32), 0)).toBe(300);
  expect(openMs(burstOf(32), 100)).toBe(200);
  expect(openMs(burstOf(32), 301)).toBe(0);
});

test("a cancel proves that all before it was applied, and how slow the server is, up to a bound", () => {
  const burst = burstOf(100);
  burst.applied(100, 200);
  expect(openMs(burst, 0)).toBe(0);
  burst.sent(40, 1_000_000);
  expect(openMs(burst, 0)).toBe(800);
  burst.applied(40, 60_000);
  burst.sent(40, 1_000_000);
  expect(openMs(burst, 0)).toBe(5000);
});

test("a cancel proves nothing about what was sent after it", () => {
  const burst = burstOf(100);
  burst.sent(32, 1_000_000);
  burst.applied(100, 10);
  expect(openMs(burst, 0)).toBe(300);
});
