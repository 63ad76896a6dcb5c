import { VirtualClock } from "@anytopic/core";
import { expect, test } from "vitest";
import { Receivers } from "../src/receive/receivers.ts";

test("the polls are overdue when one never ends, and not while there is no room or a pause", async () => {
  const clock = new VirtualClock();
  let places = 10;
  let answer = Promise.withResolvers<object>();
  const connection = {
    context: { clock, random: () => 0.5 },
    options: { pollWaitSeconds: 20, maxReceivers: 1 },
    lingering: new Set(),
    closed: new AbortController().signal,
    sqsApi: { ReceiveMessageCommand: Object },
    // A bug, of whomever: the SDK's own time limit does not end it.
    pollSqs: { send: () => answer.promise },
  };
  const receivers = new Receivers(
    connection as never,
    { name: "q", url: "u" },
    {
      fifo: false,
      visibilitySeconds: 30,
      capacity: 10,
      places: () => places,
      batchSize: () => 10,
      received: () => {},
      late: async () => {},
      failing: () => {},
      recovered: () => {},
    },
  );
  receivers.pump();
  await clock.advance(25_000);
  expect(receivers.overdueMs()).toBe(0);
  await clock.advance(70_000);
  expect(receivers.overdueMs()).toBe(70_000);

  places = 0;
  answer.resolve({});
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(3_600_000);
  expect(receivers.overdueMs()).toBe(0);

  answer = Promise.withResolvers();
  places = 10;
  receivers.pump();
  expect(receivers.overdueMs()).toBe(0);
  answer.reject(new Error("the service is away"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(receivers.overdueMs()).toBe(0);
  receivers.stop();
  await clock.advance(3_600_000);
  expect(receivers.overdueMs()).toBe(0);
});
