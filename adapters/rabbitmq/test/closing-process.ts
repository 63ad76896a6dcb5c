// A process that opens everything a driver has, closes it when it reads a line, and must then end by itself.
import { once } from "node:events";
import { systemClock } from "@anytopic/core";
import type { DriverContext, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { rabbitmq } from "@anytopic/rabbitmq";

const [url = "", timeoutMs = ""] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const context: DriverContext = { clock: systemClock, random: Math.random, logger: silent, status() {} };
const topic: TopicSpec = {
  name: "closing",
  physicalName: "closing",
  ordered: false,
  exactlyOnce: false,
  retentionMs: 3_600_000,
  replay: false,
};
const subscription: SubscriptionSpec = {
  name: "worker",
  physicalName: "worker",
  topic,
  ackDeadlineMs: 30_000,
  maxRetries: 5,
  maxBackoffMs: 60_000,
};

const driver = await rabbitmq({ url, heartbeatSeconds: 3600 }).open(context);
await driver.apply({ topics: [topic], subscriptions: [subscription] }, { update: false });
const publisher = await driver.openPublisher(topic);
const letters = await driver.openDeadLetters(subscription);
const delivered = Promise.withResolvers<void>();
const sink = {
  deliver: () => delivered.resolve(),
  revoke: () => true,
  revokeAll() {},
  failing() {},
  receiving() {},
};
const subscriber = await driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
const message = { id: "1", body: Buffer.from("1"), attributes: {}, orderingKey: undefined, publishTimeMs: Date.now() };
await new Promise<void>((accept, reject) => publisher.publish([{ ...message, awaited: true, accept, reject }]));
await delivered.promise;
await letters.store(message);
await letters.take(1, 0);
process.stdout.write("open\n");
await once(process.stdin, "data");

// These requests are pending on a line that does not answer while everything is closed.
const asked = [
  letters.scan!(1, () => false),
  letters.store(message),
  driver.plan({ topics: [topic], subscriptions: [subscription] }),
];
asked.push(new Promise<never>((_, reject) => publisher.publish([{ ...message, awaited: true, accept() {}, reject }])));
const answers = Promise.allSettled(asked);
const took: Record<string, number> = {};
const timed = async (what: string, close: (timeoutMs: number) => Promise<void>): Promise<void> => {
  const startMs = performance.now();
  await close(Number(timeoutMs));
  took[what] = Math.round(performance.now() - startMs);
};
await timed("stop", (ms) => subscriber.stop(ms));
await timed("subscriber", (ms) => subscriber.close(ms));
await timed("letters", (ms) => letters.close!(ms));
await timed("publisher", (ms) => publisher.close(ms));
await timed("driver", (ms) => driver.close(ms));
await answers;
process.stdin.destroy();
process.stdout.write(`${JSON.stringify(took)}\n`);
