import { silentLogger, VirtualClock } from "@anytopic/core";
import type { DriverDeadLetters, StoredMessage, TakenLetter } from "@anytopic/core/driver";
import { expect, test } from "vitest";

import { createDeadLetterQueue, type DeadLetterQueue } from "../src/dead-letters/dead-letter-queue.ts";
import { capabilities } from "./scripted-adapter.ts";

const clock = new VirtualClock();

/** A driver that can only take: what is taken is gone until it is put back. */
function takingQueue(size: number, bodyBytes = 2) {
  const body = Buffer.alloc(bodyBytes);
  const queue = Array.from({ length: size }, (_, index): StoredMessage => {
    return { id: `id-${index}`, body, attributes: {}, orderingKey: undefined, publishTimeMs: 1, native: undefined };
  });
  const sentMs: number[] = [];
  const takes: number[] = [];
  const letters: DriverDeadLetters = {
    store: async () => {},
    count: async () => queue.length,
    emptyIsCertain: true,
    async take(limit) {
      takes.push(limit);
      return queue.splice(0, limit).map((letter): TakenLetter => {
        return { ...letter, remove: async () => {}, putBack: async () => void queue.push(letter) };
      });
    },
    redeliver: async () => void sentMs.push(clock.monotonicNow()),
  };
  const of = { path: "events/sub", takes: () => undefined, clock, logger: silentLogger };
  const all: DeadLetterQueue = createDeadLetterQueue(async () => ({ letters, capabilities }), of);
  return { all, queue, sentMs, takes };
}

test("where looking means taking, a scan ends after 10,000 letters and puts all of them back", async () => {
  const { all, queue } = takingQueue(10_100);
  const seen = new Set<string>();
  expect(await all.scan({ onLetter: ({ id }) => void seen.add(id) })).toBe(10_000);
  expect(seen.size).toBe(10_000);
  expect(queue).toHaveLength(10_100);
});

test("where looking means taking, a scan ends after 64 MiB of bodies", async () => {
  const { all, queue } = takingQueue(3000, 64 * 1024);
  const shown = await all.scan({ onLetter: () => {} });
  expect(shown).toBe(2000);
  expect(queue).toHaveLength(3000);
});

test("a letter of a scan that throws is put back with all others", async () => {
  const { all, queue } = takingQueue(20);
  const onLetter = (): never => {
    throw new Error("the page is full");
  };
  await expect(all.scan({ onLetter })).rejects.toThrow("the page is full");
  expect(queue).toHaveLength(20);
});

test("a scan refuses a limit that is none", async () => {
  const { all } = takingQueue(1);
  await expect(all.scan({ onLetter: () => {}, limit: 0 })).rejects.toThrow("limit is 0: must be a whole number from 1");
});

test("a redrive with a rate spreads the letters evenly, and takes no more than it can send in 10 s", async () => {
  const { all, sentMs, takes } = takingQueue(45);
  const startMs = clock.monotonicNow();
  const redriving = all.redrive({ rate: { max: 2, perMs: 1000 } });
  for (let step = 0; step < 300; step += 1) await clock.advance(100);
  expect(await redriving).toBe(45);
  expect(sentMs[0]! - startMs).toBeGreaterThanOrEqual(500);
  const gapsMs = sentMs.slice(1).map((atMs, index) => atMs - (sentMs[index] ?? 0));
  expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(500);
  expect(sentMs.at(-1)! - startMs).toBeLessThan(45 * 500 + 1000);
  expect(Math.max(...takes)).toBe(20);
});

test("a redrive that waits for its turn ends at once when its signal aborts, and puts back what it has taken", async () => {
  const { all, queue, sentMs } = takingQueue(30);
  const controller = new AbortController();
  const redriving = all.redrive({ rate: { max: 1, perMs: 1000 }, signal: controller.signal });
  redriving.catch(() => {});
  for (let step = 0; step < 25; step += 1) await clock.advance(100);
  controller.abort(new Error("enough"));
  await expect(redriving).rejects.toThrow("enough");
  expect(sentMs).toHaveLength(2);
  expect(queue).toHaveLength(28);
});

test("a redrive refuses a rate that is none", async () => {
  const { all } = takingQueue(1);
  await expect(all.redrive({ rate: { max: 0, perMs: 1000 } })).rejects.toThrow("rate.max is 0");
  await expect(all.redrive({ rate: { max: 1, perMs: 60_000 } })).rejects.toThrow("must be at least one in 10 s");
});
