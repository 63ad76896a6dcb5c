import type { DriverDelivery } from "@anytopic/core/driver";
import type { WireReceived } from "../src/connection/rpc.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LEASE_MS, ofKey, received, startWorker } from "./start-worker.ts";
import { ack, retry } from "./settle.ts";

const HOUR_MS = 3_600_000;

const OTHER: WireReceived = {
  ...received,
  ackId: "lease-other",
  message: { ...received.message, messageId: "other", orderingKey: "other" },
};

const setBackTheWallClock = (): void => void vi.setSystemTime(Date.now() - HOUR_MS);
const setForwardTheWallClock = (): void => void vi.setSystemTime(Date.now() + HOUR_MS);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a lease is not trusted longer because the wall clock was set back", async () => {
  const { subscriber, delivery, revoked } = await startWorker();
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  subscriber.extend([delivery]);
  expect(revoked).toEqual([delivery]);
});

test("nor is an ack under it believed", async () => {
  const { delivery } = await startWorker();
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  const [outcome] = await Promise.all([Promise.allSettled([ack(delivery)]), vi.advanceTimersByTimeAsync(1)]);
  expect(outcome).toMatchObject([{ status: "rejected", reason: { code: "LEASE_LOST" } }]);
});

test("nor is an extended lease, when the clock was set back before or after it was extended", async () => {
  const { subscriber, delivery, revoked } = await startWorker();
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([delivery]);
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  subscriber.extend([delivery]);
  expect(revoked).toEqual([delivery]);
});

test("what failed after its lease is not started again here, where its key had to stay", async () => {
  const { delivery, delivered, revoked } = await startWorker(ofKey("1", "2"), { ordered: true });
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(delivery.owner.retriesAtBroker?.(delivery)).toBe(false);
  void retry(delivery, 0);
  await vi.advanceTimersByTimeAsync(1);
  // Core waits for it, so that it is told that it came, and that it was lost. What is behind it goes with it.
  expect(delivered).toHaveLength(3);
  expect(revoked).toEqual([delivered[2], delivered[1]]);
});

test("a lease is not given up because the wall clock was set forward", async () => {
  const { subscriber, delivery, revoked } = await startWorker();
  setForwardTheWallClock();
  subscriber.extend([delivery]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  const acked = ack(delivery);
  await vi.advanceTimersByTimeAsync(1);
  await acked;
  expect(revoked).toEqual([]);
});

test("an idle subscription is asked on when the wall clock was set back", async () => {
  const { pulls } = await startWorker();
  await vi.advanceTimersByTimeAsync(1000);
  const before = pulls();
  setBackTheWallClock();
  await vi.advanceTimersByTimeAsync(1000);
  expect(pulls()).toBeGreaterThan(before + 5);
});

test("when a message of a key is lost, those behind it are taken back, and no others", async () => {
  const { subscriber, delivered, revoked, deadlines } = await startWorker([...ofKey("1", "2", "3"), OTHER], {
    ordered: true,
  });
  const [first, second, third, other] = delivered as [DriverDelivery, DriverDelivery, DriverDelivery, DriverDelivery];
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([first, third, other]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([first, second, third, other]);
  await vi.advanceTimersByTimeAsync(100);
  // The first was renewed, and goes on.
  expect(revoked).toEqual([second, third]);
  expect(deadlines).toContainEqual(expect.objectContaining({ ackIds: ["lease-3"], ackDeadlineSeconds: 1 }));
});

test.for(["ack", "release"] as const)("also when it is found in the %s that comes too late", async (how) => {
  const { subscriber, delivered, revoked } = await startWorker(ofKey("1", "2"), { ordered: true });
  const [first, second] = delivered as [DriverDelivery, DriverDelivery];
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([second]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  const settled = Promise.allSettled([how === "ack" ? first.owner.ack(first) : first.owner.release(first, false)]);
  // Core starts the next one as soon as the settle returns.
  expect(revoked).toEqual([second]);
  expect(await settled).toMatchObject([{ status: "rejected", reason: { code: "LEASE_LOST" } }]);
});

test("also behind one that has failed and waits in core", async () => {
  const { subscriber, delivered, revoked } = await startWorker(ofKey("1", "2"), { ordered: true });
  const [first, second] = delivered as [DriverDelivery, DriverDelivery];
  void retry(first, 60_000);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  const again = delivered[2] as DriverDelivery;
  subscriber.extend([second]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([again, second]);
  expect(revoked).toEqual([again, second]);
});

test("a lease that is being renewed when its message fails lasts for the next attempt, too", async () => {
  const { subscriber, delivered, revoked } = await startWorker(ofKey("1", "2"), { ordered: true });
  const [first, second] = delivered as [DriverDelivery, DriverDelivery];
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([first, second]);
  void retry(first, 60_000);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  const again = delivered[2] as DriverDelivery;
  subscriber.extend([again, second]);
  expect(revoked).toEqual([]);
});

test("a lease whose renewal failed is not trusted", async () => {
  const { subscriber, delivery, revoked } = await startWorker([received], { refuses: true });
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([delivery]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([delivery]);
  expect(revoked).toEqual([delivery]);
});
