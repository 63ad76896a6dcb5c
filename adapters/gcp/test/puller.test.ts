import { VirtualClock } from "@anytopic/core";
import { expect, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import type { Channel } from "../src/connection/rpc.ts";
import { Status } from "../src/errors.ts";
import { Puller } from "../src/receive/puller.ts";

test("a pull after a failure is expected back soon, and one that waits is not", async () => {
  const clock = new VirtualClock();
  const pulls: { readonly waits: boolean; readonly deadlineMs: number }[] = [];
  const answers = [{ code: Status.UNAVAILABLE }, { code: Status.DEADLINE_EXCEEDED }, undefined];
  const channel: Channel = {
    call(_method, request, { deadlineMs }, done) {
      pulls.push({ waits: !(request as { readonly returnImmediately: boolean }).returnImmediately, deadlineMs });
      if (pulls.length > answers.length) return { cancel: () => {} };
      const error = answers[pulls.length - 1];
      setImmediate(done, error ?? null, (error === undefined ? { receivedMessages: [] } : undefined) as never);
      return { cancel: () => {} };
    },
    close: () => Promise.resolve(),
  };
  const failed: string[] = [];
  const puller = new Puller({
    connection: {
      context: { clock, random: () => 0.5 },
      methods: {},
      metadata: () => undefined,
    } as unknown as Connection,
    channel,
    subscription: "projects/p/subscriptions/s",
    maxCalls: 1,
    waits: true,
    maxIdlePauseMs: 80,
    room: () => (pulls.length > answers.length ? 0 : 10),
    size: 10,
    received: () => {},
    failed: ({ code }) => void failed.push(code),
    succeeded: () => {},
  });
  puller.pump();
  await clock.advance(5000);
  expect(pulls).toEqual([
    { waits: true, deadlineMs: 90_000 },
    { waits: false, deadlineMs: 15_000 },
    { waits: false, deadlineMs: 15_000 },
    { waits: true, deadlineMs: 90_000 },
  ]);
  // What hangs is a failure, not an empty answer: it is reported, and a pause follows.
  expect(failed).toHaveLength(2);
});
