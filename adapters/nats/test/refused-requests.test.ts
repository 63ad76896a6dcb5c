import { type PubSubError, VirtualClock } from "@anytopic/core";
import { ReceivingReports } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import { expect, onTestFinished, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import { PullLoop } from "../src/receive/pull-loop.ts";

const TOO_MANY = "Exceeded MaxWaiting";
const PLACES = 8;

/** A worker with 8 places whose server is the test. It settles each message at once. */
function workerOf() {
  const clock = new VirtualClock();
  const inboxes: string[] = [];
  const requests: { readonly batch: number; readonly reply: string }[] = [];
  const got: string[] = [];
  const said: string[] = [];
  let listener: ((error: null, message: Msg) => void) | undefined;
  const nc = {
    subscribe(inbox: string, { callback }: { callback: typeof listener }) {
      inboxes.push(inbox);
      listener = callback;
      return { unsubscribe: () => {}, drain: async () => {} };
    },
    publish: (_subject: string, body: string, { reply }: { reply: string }) =>
      void requests.push({ batch: (JSON.parse(body) as { batch: number }).batch, reply }),
  };
  const connection = {
    connected: true,
    context: { clock, random: () => 0.5 },
    options: {},
    newInbox: () => `inbox-${inboxes.length + 1}`,
    listen: () => {},
    unlisten: () => {},
    flush: async () => true,
    nc,
    jsm: { consumers: { info: async () => ({}) } },
  } as unknown as Connection;
  const pulls: PullLoop = new PullLoop(
    connection,
    { stream: "events", consumer: "worker" },
    {
      room: (requested) => PLACES - requested,
      message(_message, reply) {
        got.push(reply);
        pulls.refill();
      },
    },
    new ReceivingReports({
      failing: (error: PubSubError) => void said.push(`${error.code}: ${error.message}`),
      receiving: () => void said.push("receiving"),
    }),
  );
  pulls.start();
  onTestFinished(() => pulls.stop());
  const deliver = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 1) listener?.(null, { reply: `ack-${got.length + 1}` } as Msg);
    // Requests follow at the end of the turn.
    await Promise.resolve();
  };
  const refuse = (reply: string): void =>
    listener?.(null, {
      subject: reply,
      reply: "",
      headers: { code: 409, description: TOO_MANY, get: () => "" },
    } as unknown as Msg);
  return { clock, inboxes, requests, got, said, deliver, refuse };
}

test("a refused request costs only itself: what others have asked for still arrives, and is asked for again", async () => {
  const { inboxes, requests, got, said, deliver, refuse, clock } = workerOf();
  await deliver(2);
  expect(requests.map(({ batch }) => batch)).toEqual([8, 2]);
  refuse("inbox-1.2");
  await clock.advance(60);
  await deliver(3);
  expect(got).toHaveLength(5);
  expect(inboxes).toEqual(["inbox-1.*"]);
  expect(said).toEqual([]);
  // What was refused is part of the next request.
  expect(requests.map(({ batch }) => batch)).toEqual([8, 2, 5]);
});

test("a worker whose only request was refused says why, and asks again in the same place", async () => {
  const { inboxes, requests, got, said, deliver, refuse, clock } = workerOf();
  refuse("inbox-1.1");
  expect(said).toEqual([expect.stringMatching(/^REJECTED: .*409 Exceeded MaxWaiting; .*larger maxConcurrency/)]);
  // One that the server had already sent.
  await deliver(1);
  expect(got).toHaveLength(1);
  await clock.advance(2000);
  expect(inboxes).toEqual(["inbox-1.*"]);
  expect(requests.length).toBeGreaterThan(1);
  await deliver(1);
  expect(said.at(-1)).toBe("receiving");
});
