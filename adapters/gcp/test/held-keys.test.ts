import type { DriverDelivery } from "@anytopic/core/driver";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LEASE_MS, ofKey, startWorker } from "./start-worker.ts";
import { ack, retry } from "./settle.ts";

type Three = [DriverDelivery, DriverDelivery, DriverDelivery];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.for([
  { what: "was released unstarted", failed: false },
  { what: "has failed here", failed: true },
])(
  "a message that $what waits for its next retry at the service only if the service has counted all its failures",
  async ({ failed }) => {
    const { delivered } = await startWorker(ofKey("1", "2"), { ordered: true });
    const [first, second] = delivered as [DriverDelivery, DriverDelivery];
    void (failed ? retry(first, 60_000) : first.owner.release(first, false));
    await vi.advanceTimersByTimeAsync(1);
    void ack(second);
    const again = delivered[2] as DriverDelivery;
    expect(again.owner.retriesAtBroker?.(again)).toBe(!failed);
  },
);

test("when one of a key is done and the next one is lost, what is behind that is still taken back", async () => {
  const { subscriber, delivered, revoked } = await startWorker(ofKey("1", "2", "3"), { ordered: true });
  const [first, second, third] = delivered as Three;
  void ack(first);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([third]);
  await vi.advanceTimersByTimeAsync(LEASE_MS / 2);
  subscriber.extend([second, third]);
  expect(revoked).toEqual([second, third]);
});

test("what a worker that stops has released goes to the service when core has no other message of its key", async () => {
  const { subscriber, delivered, deadlines } = await startWorker(ofKey("1", "2", "3"), { ordered: true });
  const [first, second, third] = delivered as Three;
  const stopped = subscriber.stop(1000);
  for (const delivery of [second, third]) void delivery.owner.release(delivery, false);
  await vi.advanceTimersByTimeAsync(1);
  await stopped;
  expect(deadlines).toEqual([]);
  void ack(first);
  await vi.advanceTimersByTimeAsync(1);
  expect(deadlines).toMatchObject([{ ackIds: ["lease-2", "lease-3"], ackDeadlineSeconds: 1 }]);
});
