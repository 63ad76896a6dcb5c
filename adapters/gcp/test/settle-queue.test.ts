import { systemClock } from "@anytopic/core";
import { expect, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import type { Channel } from "../src/connection/rpc.ts";
import { SettleQueue } from "../src/settle/settle-queue.ts";

const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);

/** What the service answers when it refuses ack ids of an exactly-once subscription. */
function refusal(ackId: string, reason: string): Error {
  const entry = Buffer.concat([field(1, Buffer.from(ackId)), field(2, Buffer.from(reason))]);
  const details = field(3, field(2, field(3, entry)));
  return Object.assign(new Error("x"), { code: 9, metadata: { get: () => [details] } });
}

/** The service, answering each request as told. */
function queueOn(answers: (Error | null)[]): { readonly queue: SettleQueue; readonly sent: string[][] } {
  const sent: string[][] = [];
  const channel: Channel = {
    call(_method, request, _options, done) {
      sent.push([...(request as unknown as { ackIds: string[] }).ackIds]);
      setImmediate(done, answers.shift() ?? null, undefined);
      return { cancel: () => {} };
    },
    close: () => Promise.resolve(),
  };
  const connection = {
    context: { clock: systemClock },
    methods: {},
    metadata: () => undefined,
  } as unknown as Connection;
  const options = { connection, channel, subscription: "projects/p/subscriptions/s", exactlyOnce: true };
  return { queue: new SettleQueue(options), sent };
}

test("an ack that the service wants again, for one because it overtook its predecessor's, is sent again", async () => {
  const { queue, sent } = queueOn([refusal("b", "TRANSIENT_FAILURE_UNORDERED_ACK_ID")]);
  const acks = [queue.ack("a"), queue.ack("b")];
  await queue.flush();
  await Promise.all(acks);
  expect(sent).toEqual([["a", "b"], ["b"]]);
});

test("an ack that came too late fails alone, and for good", async () => {
  const { queue, sent } = queueOn([refusal("b", "PERMANENT_FAILURE_INVALID_ACK_ID")]);
  const first = queue.ack("a");
  const second = queue.ack("b");
  await expect(second).rejects.toMatchObject({ code: "LEASE_LOST" });
  await first;
  await queue.flush();
  expect(sent).toEqual([["a", "b"]]);
});

test("two who wait for the same settles both go on when these are done", async () => {
  const { queue } = queueOn([null]);
  void queue.ack("a");
  await expect(Promise.all([queue.flush(), queue.flush()])).resolves.toHaveLength(2);
});
