import { getEventListeners } from "node:events";
import { PubSubError, VirtualClock } from "@anytopic/core";
import { pause, requireWithin, retryPauseMs, timeLeft, within } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";

const late = (): PubSubError => new PubSubError("TIMEOUT", "late");
const never = new Promise<never>(() => {});

describe("within", () => {
  test("says whether work resolved in time, and leaves no timer", async () => {
    const clock = new VirtualClock();
    expect(await within(clock, 10, Promise.resolve("done"))).toBe(true);
    expect(await within(clock, 10, Promise.reject(new Error("failed")))).toBe(false);
    await clock.runUntilIdle(0);
    const outcome = within(clock, 10, never);
    await clock.advance(10);
    expect(await outcome).toBe(false);
  });

  test("requires it: with the answer, its failure, or the error of being late", async () => {
    const clock = new VirtualClock();
    expect(await requireWithin(clock, 10, Promise.resolve("done"), late)).toBe("done");
    await expect(requireWithin(clock, 10, Promise.reject(new Error("failed")), late)).rejects.toThrow("failed");
    await clock.runUntilIdle(0);
    const outcome = requireWithin(clock, 10, never, late).catch((error: unknown) => error);
    await clock.advance(10);
    expect(await outcome).toMatchObject({ code: "TIMEOUT" });
  });

  test("time that is left counts down to nothing", async () => {
    const clock = new VirtualClock();
    const leftMs = timeLeft(clock, 10);
    await clock.advance(4);
    expect(leftMs()).toBe(6);
    await clock.advance(10);
    expect(leftMs()).toBe(0);
  });
});

describe("pause", () => {
  test("lasts until its end or its signal, and leaves neither timer nor listener", async () => {
    const clock = new VirtualClock();
    const { signal } = new AbortController();
    let over = false;
    void pause(clock, 10, signal).then(() => (over = true));
    await clock.advance(9);
    expect(over).toBe(false);
    await clock.advance(1);
    expect(over).toBe(true);
    expect(getEventListeners(signal, "abort")).toEqual([]);

    const stop = new AbortController();
    const stopped = [10, Number.POSITIVE_INFINITY].map((delayMs) => pause(clock, delayMs, stop.signal));
    stop.abort();
    await Promise.all(stopped);
    await pause(clock, 10, stop.signal);
    await clock.runUntilIdle(0);
  });
});

describe("retryPauseMs", () => {
  const most = (error?: PubSubError): number[] =>
    Array.from({ length: 9 }, (_, index) => Math.round(retryPauseMs(index + 1, () => 1, error)));

  test("doubles from 100 ms to 10 s, whatever time mends", () => {
    const doubling = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000];
    expect(most()).toEqual(doubling);
    expect(most(new PubSubError("UNAVAILABLE", "gone"))).toEqual(doubling);
    expect(retryPauseMs(1, () => 0)).toBe(50);
    expect(retryPauseMs(10_000, () => 0)).toBe(5000);
  });

  test("is slow at once after what somebody has to mend", () => {
    expect(most(new PubSubError("NOT_FOUND", "no queue")).slice(0, 4)).toEqual([1600, 3200, 6400, 10_000]);
  });
});
