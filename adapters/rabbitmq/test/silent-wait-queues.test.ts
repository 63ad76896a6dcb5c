import { PubSubError, silentLogger, VirtualClock } from "@anytopic/core";
import type { DriverContext } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import { ANSWER_TIMEOUT_MS, AVOID_SILENT_QUEUE_MS } from "../src/limits.ts";
import { SilentWaitQueues } from "../src/retry/silent-wait-queues.ts";

const TTL_MS = 2048;
const timeout = new PubSubError("TIMEOUT", "no answer");

function queuesOf() {
  const clock = new VirtualClock();
  const context: DriverContext = { clock, random: Math.random, logger: silentLogger, status: () => {} };
  const queues = new SilentWaitQueues(context, "shared");
  const answers = async (queue = "own"): Promise<void> => queues.watch(TTL_MS, queue, Promise.resolve());
  const fails = async (failure: PubSubError, queue = "own"): Promise<void> =>
    await expect(queues.watch(TTL_MS, queue, Promise.reject(failure))).rejects.toBe(failure);
  return { clock, queues, answers, fails };
}

test("a wait queue is never avoided before it was silent, also while the answers of others are awaited", async () => {
  const { queues, answers } = queuesOf();
  expect([queues.isAvoided(TTL_MS), queues.isAvoided(TTL_MS)]).toEqual([false, false]);
  await answers();
  expect(queues.isAvoided(TTL_MS)).toBe(false);
});

test("one that was silent is avoided for a while; then one retry tries it, and the others after its answer", async () => {
  const { clock, queues, answers, fails } = queuesOf();
  await fails(timeout);
  expect(queues.isAvoided(TTL_MS)).toBe(true);
  expect(queues.isAvoided(2 * TTL_MS)).toBe(false);
  await clock.advance(AVOID_SILENT_QUEUE_MS - 1);
  expect(queues.isAvoided(TTL_MS)).toBe(true);
  await clock.advance(1);
  expect([queues.isAvoided(TTL_MS), queues.isAvoided(TTL_MS)]).toEqual([false, true]);
  // That the shared queue answers says nothing about this one.
  await answers("shared");
  expect(queues.isAvoided(TTL_MS)).toBe(true);
  await answers();
  expect([queues.isAvoided(TTL_MS), queues.isAvoided(TTL_MS)]).toEqual([false, false]);
});

test("when the one that tries has no answer at all, the next one tries", async () => {
  const { clock, queues, fails } = queuesOf();
  await fails(timeout);
  await clock.advance(AVOID_SILENT_QUEUE_MS);
  expect(queues.isAvoided(TTL_MS)).toBe(false);
  await clock.advance(ANSWER_TIMEOUT_MS);
  expect(queues.isAvoided(TTL_MS)).toBe(false);
});

test("one that answers with an error is not silent, and the shared one has no other in its place", async () => {
  const { queues, fails } = queuesOf();
  await fails(new PubSubError("NOT_FOUND", "no queue"));
  await fails(timeout, "shared");
  expect(queues.isAvoided(TTL_MS)).toBe(false);
});
