import { PubSubError, silentLogger, VirtualClock } from "@anytopic/core";
import { expect, test } from "vitest";
import type { Connections } from "../src/connection/connections.ts";
import type { RabbitmqDelivery } from "../src/delivery.ts";
import { QUEUE_SETTLES_MS } from "../src/limits.ts";
import type { QueueNames } from "../src/names.ts";
import { Retries } from "../src/retry/retries.ts";

const names: QueueNames = {
  exchange: "events",
  queue: "events.mail",
  deadLetters: "events.mail.dead-letters",
  filter: "events.mail.filter",
  wait: "events.mail.wait",
};
const gone = new PubSubError("NOT_FOUND", "there is no such queue");
const down = new PubSubError("UNAVAILABLE", "not connected");

/** Retries, and what they do: `declare <queue>`, `send <queue> <attempt> <delay>`, `ack`, `reject`. `failures` are of the first sends. */
function retriesOf(...failures: PubSubError[]) {
  const clock = new VirtualClock();
  const done: string[] = [];
  const channel = { assertQueue: async (queue: string) => void done.push(`declare ${queue}`) };
  const connections = {
    context: { clock, random: Math.random, logger: silentLogger, status: () => {} },
    consuming: { withChannel: async (use: (one: typeof channel) => Promise<void>) => use(channel) },
    waitQueues: { exists: () => {} },
    sender: {
      async sendAgain(queue: string, _native: unknown, { attempt, delayMs }: { attempt: number; delayMs: number }) {
        done.push(`send ${queue} ${attempt} ${delayMs}`);
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
      },
    },
  };
  const session = {
    isUnsettled: () => true,
    ack: () => void done.push("ack"),
    giveBack: (_delivery: unknown, how: string) => void done.push(how),
  };
  const delivery = { session, native: {}, id: "1", attempt: 2 } as unknown as RabbitmqDelivery;
  return { retries: new Retries(connections as unknown as Connections, names, "mail"), delivery, clock, done };
}

test("a message is acknowledged when its copy survives a crash of the broker, not before", async () => {
  const { retries, delivery, clock, done } = retriesOf();
  const later = retries.later(delivery, 500);
  await clock.advance(QUEUE_SETTLES_MS - 1);
  expect(done).toEqual(["declare events.mail.wait.512ms", "send events.mail.wait.512ms 3 500"]);
  await clock.advance(1);
  await later;
  await retries.later(delivery, 400);
  expect(done.slice(2)).toEqual(["ack", "send events.mail.wait.512ms 3 400", "ack"]);
});

test("a wait queue that was deleted meanwhile is created again", async () => {
  const { retries, delivery, clock, done } = retriesOf(gone);
  const later = retries.later(delivery, 500);
  await clock.advance(QUEUE_SETTLES_MS);
  await later;
  const once = ["declare events.mail.wait.512ms", "send events.mail.wait.512ms 3 500"];
  expect(done).toEqual([...once, ...once, "ack"]);
});

test("a retry that cannot be stored waits in memory, and goes back to its queue when it is due", async () => {
  const { retries, delivery, clock, done } = retriesOf(down);
  const later = retries.later(delivery, 500);
  await clock.advance(499);
  expect(done).toHaveLength(2);
  await clock.advance(1);
  await later;
  expect(done.slice(2)).toEqual(["reject"]);
});

test.for([
  ["is stored for the rest of its delay", [down], ["ack"]],
  ["goes back to its queue when that does not work either", [down, down], ["reject"]],
] as const)("a retry in memory whose worker closes %s", async ([, failures, end]) => {
  const { retries, delivery, clock, done } = retriesOf(...failures);
  const later = retries.later(delivery, 8000);
  await clock.advance(2000);
  retries.end();
  await later;
  expect(done.slice(1)).toEqual(["send events.mail.wait.8192ms 3 8000", "send events.mail.wait.8192ms 3 6000", ...end]);
});
