import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "@anytopic/core";

describe("VirtualClock", () => {
  it("stands still until it is moved", async () => {
    const clock = new VirtualClock(1_000);
    let calls = 0;
    clock.setTimer(() => (calls += 1), 0);
    await nextTurn();
    expect([clock.now(), calls]).toEqual([1_000, 0]);
    await clock.advance(0);
    expect([clock.now(), calls]).toEqual([1_000, 1]);
    await clock.advance(2.5);
    expect(clock.now()).toBe(1_002.5);
  });

  it("runs due timers in order of due time, then of setting, each at its own time", async () => {
    const clock = new VirtualClock(0);
    const ran: string[] = [];
    for (const [name, delayMs] of [
      ["c", 30],
      ["a", 10],
      ["b1", 20],
      ["b2", 20],
      ["d", 31],
    ] as const) {
      clock.setTimer(() => ran.push(`${name} ${clock.now()}`), delayMs);
    }
    await clock.advance(30);
    expect(ran).toEqual(["a 10", "b1 20", "b2 20", "c 30"]);
    expect(clock.now()).toBe(30);
  });

  it("lets promises settle between timers, and runs timers that are set meanwhile", async () => {
    const clock = new VirtualClock(0);
    const ran: string[] = [];
    const again = async (): Promise<void> => {
      await Promise.resolve();
      await nextTurn();
      ran.push(`after ${clock.now()}`);
      clock.setTimer(() => void again(), 10);
    };
    clock.setTimer(() => void again(), 10);
    clock.setTimer(() => ran.push(`other ${clock.now()}`), 15);
    await clock.advance(25);
    expect(ran).toEqual(["after 10", "other 15", "after 20"]);
  });

  it("does not run what was cleared, and ignores a handle that means nothing", async () => {
    const clock = new VirtualClock(0);
    let calls = 0;
    const handle = clock.setTimer(() => (calls += 1), 5);
    clock.clearTimer(handle);
    clock.clearTimer(handle);
    clock.clearTimer(undefined);
    await clock.advance(10);
    expect(calls).toBe(0);
  });

  it("runs overlapping moves one after the other", async () => {
    const clock = new VirtualClock(0);
    const ran: number[] = [];
    clock.setTimer(() => ran.push(clock.now()), 15);
    await Promise.all([clock.advance(10), clock.advance(10)]);
    expect([clock.now(), ran]).toEqual([20, [15]]);
  });

  it("goes on after a timer threw, and says what it threw", async () => {
    const clock = new VirtualClock(0);
    const mistake = new Error("mistake");
    clock.setTimer(() => {
      throw mistake;
    }, 5);
    await expect(clock.advance(10)).rejects.toBe(mistake);
    expect(clock.now()).toBe(5);
    await clock.advance(10);
    expect(clock.now()).toBe(15);
  });

  it("runs until nothing is pending, and gives up on what never ends", async () => {
    const clock = new VirtualClock(0);
    clock.setTimer(() => clock.setTimer(() => {}, 7_000), 5_000);
    await clock.runUntilIdle();
    expect(clock.now()).toBe(12_000);
    const forever = (): void => void clock.setTimer(forever, 1_000);
    forever();
    await expect(clock.runUntilIdle(10_000)).rejects.toThrow("timers are still pending after 10000 ms");
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses to move by %d", (ms) => {
    expect(() => new VirtualClock().advance(ms)).toThrow(TypeError);
  });

  it("says when the next timer is due, and how many are pending", async () => {
    const clock = new VirtualClock(1_000);
    expect([clock.nextDueMs, clock.pending]).toEqual([undefined, 0]);
    const later = clock.setTimer(() => {}, 20);
    clock.setTimer(() => {}, 10);
    expect([clock.nextDueMs, clock.pending]).toEqual([1_010, 2]);
    await clock.advance(10);
    expect([clock.nextDueMs, clock.pending]).toEqual([1_020, 1]);
    clock.clearTimer(later);
    expect([clock.nextDueMs, clock.pending]).toEqual([undefined, 0]);
  });

  it("stands still while `hold` waits: before each timer and after the last", async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    clock.setTimer(() => seen.push(`timer ${clock.now()}`), 10);
    clock.setTimer(() => seen.push(`timer ${clock.now()}`), 20);
    const hold = async (): Promise<void> => {
      const beforeMs = clock.now();
      // Real time, far more than a few turns.
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(`held ${beforeMs} ${clock.now()}`);
    };
    await clock.advance(25, { hold });
    expect(seen).toEqual(["held 0 0", "timer 10", "held 10 10", "timer 20", "held 20 20"]);
    expect(clock.now()).toBe(25);
  });

  it("rejects with the error of `hold`, and time stays where it is", async () => {
    const clock = new VirtualClock(0);
    clock.setTimer(() => {}, 10);
    const hold = (): Promise<void> => (clock.now() === 10 ? Promise.reject(new Error("stuck")) : Promise.resolve());
    await expect(clock.advance(25, { hold })).rejects.toThrow("stuck");
    expect(clock.now()).toBe(10);
    await clock.advance(1);
    expect(clock.now()).toBe(11);
  });
});
