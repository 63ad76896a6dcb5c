import { expect, test } from "vitest";
import { replaceWallClock } from "../../src/chaos/wall-clock.ts";

const DAY_MS = 86_400_000;

test("a wall clock that is set changes every way to ask for the time, and nothing else", () => {
  const TrueDate = Date;
  const clock = replaceWallClock();
  try {
    clock.set(-DAY_MS);
    const yesterday = TrueDate.now() - DAY_MS;
    expect(Math.abs(Date.now() - yesterday)).toBeLessThan(1000);
    expect(Math.abs(new Date().getTime() - yesterday)).toBeLessThan(1000);
    expect(Math.abs(TrueDate.parse(Date()) - yesterday)).toBeLessThan(3000);
    expect(new Date(5).getTime()).toBe(5);
    expect(new Date("2026-01-02T03:04:05Z").toISOString()).toBe("2026-01-02T03:04:05.000Z");
    expect(new Date()).toBeInstanceOf(TrueDate);
    expect(Date.UTC(1970, 0, 2)).toBe(DAY_MS);
    clock.set(0);
    expect(Math.abs(Date.now() - TrueDate.now())).toBeLessThan(1000);
  } finally {
    clock.restore();
  }
  expect(Date).toBe(TrueDate);
});
