import { VirtualClock } from "@anytopic/core";
import type { SubscriptionSpec } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import { expect, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import type { NatsDelivery } from "../src/delivery.ts";
import { subscriptionNames } from "../src/names.ts";
import { SettleWriter } from "../src/settle/settle-writer.ts";
import { NatsSubscriber } from "../src/subscriber.ts";

const SPEC: SubscriptionSpec = {
  name: "mail",
  physicalName: "mail",
  topic: { name: "loop", physicalName: "loop", ordered: false, exactlyOnce: false, retentionMs: 60_000, replay: false },
  ackDeadlineMs: 1000,
  maxRetries: 1,
  maxBackoffMs: 1000,
};

/** A connection that notes what settles it sends, as `<ack subject> <payload>`. */
function connectionOf(): { readonly connection: Connection; readonly sent: string[] } {
  const sent: string[] = [];
  const connection = {
    connected: false,
    context: { clock: new VirtualClock() },
    options: {},
    newInbox: () => "inbox",
    settles: {
      ack: (subject: string) => void sent.push(`${subject} +ACK`),
      send: (subject: string, payload: Uint8Array) => void sent.push(`${subject} ${Buffer.from(payload).toString()}`),
    },
    listen: () => {},
    unlisten: () => {},
    flush: async () => true,
  };
  return { connection: connection as unknown as Connection, sent };
}

/** A worker that has got messages with these places in the stream. */
function workerWith(...places: readonly number[]) {
  const { connection, sent } = connectionOf();
  const delivered: NatsDelivery[] = [];
  const deliver = (delivery: unknown): void => void delivered.push(delivery as NatsDelivery);
  const sink = { deliver, revoke: () => true, revokeAll() {}, failing() {}, receiving() {} };
  const names = subscriptionNames("", SPEC);
  const worker = new NatsSubscriber({ connection, names, spec: SPEC, sink, maxOutstanding: 10 });
  const message = { subject: "loop", data: Buffer.from("{}") } as unknown as Msg;
  for (const place of places) worker.message(message, replyOf(place));
  return { worker, delivered, sent };
}

const replyOf = (place: number): string => `$JS.ACK.loop.mail.1.${place}.${place}.1700000000000000000.0`;

test("a message that was not started is given back at the end of the turn, once", async () => {
  const { worker, delivered, sent } = workerWith(1, 2);
  const [first, second] = delivered as [NatsDelivery, NatsDelivery];
  expect([worker.release(first, false), worker.release(second, false)]).toEqual([undefined, undefined]);
  expect(sent).toEqual([]);
  await Promise.resolve();
  expect(sent).toEqual([`${replyOf(1)} -NAK`, `${replyOf(2)} -NAK`]);
  await expect(worker.release(first, false)).rejects.toMatchObject({ code: "LEASE_LOST" });
  await worker.close();
  expect(sent).toHaveLength(2);
});

test("a message whose lease has ended is not given back: another worker may have it", async () => {
  const { worker, delivered, sent } = workerWith(1);
  await expect(worker.release(delivered[0] as NatsDelivery, true)).rejects.toMatchObject({ code: "LEASE_LOST" });
  await worker.close();
  expect(sent).toEqual([]);
});

test("a worker that closes gives back what it has not started after its requests have ended, not before", async () => {
  const { connection, sent } = connectionOf();
  const settles = new SettleWriter(connection, 1000, false);
  settles.holdReleased();
  settles.release({ ackSubject: "one" } as NatsDelivery);
  await Promise.resolve();
  expect(sent).toEqual([]);
  settles.sendReleased();
  expect(sent).toEqual(["one -NAK"]);
});
