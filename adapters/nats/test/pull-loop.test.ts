import { PubSubError, VirtualClock } from "@anytopic/core";
import { ReceivingReports } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import { PullLoop } from "../src/receive/pull-loop.ts";

test("a consumer that is gone is noticed, although the server never answers a request for it", async () => {
  const clock = new VirtualClock();
  const gone = new PubSubError("NOT_FOUND", "consumer not found");
  const connection = {
    connected: true,
    context: { clock, random: () => 0.5 },
    options: {},
    newInbox: () => "inbox",
    listen: () => {},
    unlisten: () => {},
    flush: async () => true,
    nc: { subscribe: () => ({ unsubscribe() {}, drain: async () => {} }), publish: () => {} },
    jsm: { consumers: { info: () => Promise.reject(gone) } },
  } as unknown as Connection;
  const failures: PubSubError[] = [];
  const pulls = new PullLoop(
    connection,
    { stream: "events", consumer: "worker" },
    { room: () => 10, message: () => {} },
    new ReceivingReports({ failing: (error) => void failures.push(error), receiving: () => {} }),
  );
  pulls.start();
  for (let beat = 0; beat < 5; beat += 1) await clock.advance(3000);
  await pulls.stop();
  expect(failures).toEqual([gone]);
});
