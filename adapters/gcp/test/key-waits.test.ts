import { systemClock } from "@anytopic/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KeyWaits } from "../src/ordering/key-waits.ts";

const goTo = (timeMs: number): void => void vi.advanceTimersByTime(timeMs - performance.now());

beforeEach(() => {
  vi.useFakeTimers();
  goTo(1000);
});
afterEach(() => void vi.useRealTimers());

test("what follows a message that waits at the service is early until then, the message itself never", () => {
  const waits = new KeyWaits(systemClock);
  waits.add("a", "1", 5000);
  expect(waits.earlyByMs("a", "2")).toBe(4000);
  expect(waits.earlyByMs("b", "2")).toBe(0);
  goTo(4999);
  expect(waits.earlyByMs("a", "2")).toBe(1);
  goTo(5000);
  expect(waits.earlyByMs("a", "2")).toBe(0);
});

test("when the message is back, its key is open", () => {
  const waits = new KeyWaits(systemClock);
  waits.add("a", "1", 5000);
  expect(waits.earlyByMs("a", "1")).toBe(0);
  expect(waits.earlyByMs("a", "2")).toBe(0);
});

test("a message that waits again counts anew, and past waits are forgotten", () => {
  const waits = new KeyWaits(systemClock);
  waits.add("a", "1", 2000);
  goTo(2000);
  waits.add("b", "3", 9000);
  waits.add("a", "1", 8000);
  expect(waits.earlyByMs("a", "2")).toBe(6000);
  expect(waits.earlyByMs("b", "2")).toBe(7000);
});

test("a wait is as long as it was, whatever somebody does to the wall clock", () => {
  const waits = new KeyWaits(systemClock);
  waits.add("a", "1", 5000);
  vi.setSystemTime(Date.now() - 3_600_000);
  expect(waits.earlyByMs("a", "2")).toBe(4000);
  goTo(5000);
  expect(waits.earlyByMs("a", "2")).toBe(0);
});
