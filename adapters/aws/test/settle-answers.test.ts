import type { DriverDelivery } from "@anytopic/core/driver";
import type { Message } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { received, scriptedWorker, type SentEntry } from "./scripted-worker.ts";
import { ack, retry } from "./settle.ts";

const ACK_DEADLINE_MS = 30_000;
/** Long enough for what waits to be sent with others. */
const SENT_MS = 100;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.for([
  ["InvalidParameterValue", "LEASE_LOST"],
  ["InvalidParameterValueException", "LEASE_LOST"],
  ["AccessDenied", "PERMISSION_DENIED"],
] as const)("a settle that SQS refuses with %s is %s", async ([refusal, code]) => {
  const { delivered } = await scriptedWorker({
    polls: [[received("a")]],
    ackDeadlineMs: ACK_DEADLINE_MS,
    failure: () => refusal,
  });
  const outcome = Promise.allSettled([ack(delivered[0])]);
  await vi.advanceTimersByTimeAsync(SENT_MS);
  expect(await outcome).toMatchObject([{ status: "rejected", reason: { code } }]);
});

test("a renewal that SQS refuses takes the message from its handler", async () => {
  const failure = ({ VisibilityTimeout }: SentEntry): string | undefined =>
    VisibilityTimeout === ACK_DEADLINE_MS / 1000 ? "ReceiptHandleIsInvalid" : undefined;
  const worker = await scriptedWorker({ polls: [[received("a")]], ackDeadlineMs: ACK_DEADLINE_MS, failure });
  await vi.advanceTimersByTimeAsync(ACK_DEADLINE_MS / 2);
  worker.subscriber.extend(worker.delivered);
  expect(worker.revoked).toEqual([]);
  await vi.advanceTimersByTimeAsync(SENT_MS);
  expect(worker.revoked).toEqual(worker.delivered);
});

test("a late ack changes nothing for the messages of its group that came again: they fail together", async () => {
  const again = Promise.withResolvers<readonly Message[]>();
  const polls = [[received("a", "g")], again.promise];
  const { subscriber, delivered, revoked } = await scriptedWorker({
    polls,
    ackDeadlineMs: ACK_DEADLINE_MS,
    ordered: true,
  });
  await vi.advanceTimersByTimeAsync(ACK_DEADLINE_MS);
  subscriber.extend(delivered);
  const [lost] = delivered as [DriverDelivery];
  expect(revoked).toEqual([lost]);
  again.resolve([received("a", "g"), received("b", "g")]);
  await vi.advanceTimersByTimeAsync(SENT_MS);
  const [, first, follower] = delivered;
  void ack(lost);
  void retry(first, 1000);
  await vi.advanceTimersByTimeAsync(SENT_MS);
  expect(revoked).toEqual([lost, follower]);
});
