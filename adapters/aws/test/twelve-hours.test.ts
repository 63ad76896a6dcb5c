import type { DriverDelivery } from "@anytopic/core/driver";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { received, scriptedWorker, type ScriptedWorker } from "./scripted-worker.ts";
import { ack, retry } from "./settle.ts";

const HOUR_MS = 3_600_000;
const CAP_MS = 12 * HOUR_MS;
const ACK_DEADLINE_MS = 600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Held extends ScriptedWorker {
  readonly delivery: DriverDelivery;
}

/** A worker that holds the only message of its queue. */
async function hold(): Promise<Held> {
  const worker = await scriptedWorker({ polls: [[received("m")]], ackDeadlineMs: ACK_DEADLINE_MS });
  return { ...worker, delivery: worker.delivered[0] as DriverDelivery };
}

/** Changes of visibility: when each was sent, and for how many seconds. */
function changesOf({ calls }: Held): readonly { readonly atMs: number; readonly seconds: number }[] {
  return calls.flatMap(({ atMs, entries }) =>
    entries.map(({ VisibilityTimeout = Number.NaN }) => ({ atMs, seconds: VisibilityTimeout })),
  );
}

/** Renews as core does, every third of the deadline. */
async function handleFor({ subscriber, delivery }: Held, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += ACK_DEADLINE_MS / 3) {
    subscriber.extend([delivery]);
    await vi.advanceTimersByTimeAsync(ACK_DEADLINE_MS / 3);
  }
}

test("a message is kept for 12 hours from its receipt, never asked for longer, and then known to be lost", async () => {
  const startedAtMs = performance.now();
  const held = await hold();
  await handleFor(held, CAP_MS - ACK_DEADLINE_MS);
  expect(held.revoked).toEqual([]);
  await handleFor(held, 2 * ACK_DEADLINE_MS);
  expect(held.revoked).toEqual([held.delivery]);
  const ends = changesOf(held).map(({ atMs, seconds }) => atMs + seconds * 1000 - startedAtMs);
  expect(Math.max(...ends)).toBeLessThanOrEqual(CAP_MS);
  expect(Math.max(...ends)).toBeGreaterThan(CAP_MS - 5000);
  await expect(ack(held.delivery)).rejects.toMatchObject({ code: "LEASE_LOST" });
});

test("the longest delay after two hours of handling is what is left of the 12 hours", async () => {
  const startedAtMs = performance.now();
  const held = await hold();
  await handleFor(held, 2 * HOUR_MS);
  const retried = retry(held.delivery, 11 * HOUR_MS);
  await vi.advanceTimersByTimeAsync(100);
  await retried;
  const { atMs, seconds } = changesOf(held).at(-1) as { atMs: number; seconds: number };
  expect(seconds).toBeGreaterThan(9.9 * 3600);
  expect(atMs + seconds * 1000 - startedAtMs).toBeLessThanOrEqual(CAP_MS);
});
