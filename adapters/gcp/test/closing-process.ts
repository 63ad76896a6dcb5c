import { systemClock } from "@anytopic/core";
import type { DriverContext, DriverDelivery, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { gcp } from "@anytopic/gcp";
import { ack, retry } from "./settle.ts";

/**
 * A process with everything open and under way. Told that the broker is frozen, it closes, one thing after the other in
 * `BOUND_MS` each, and says how long the longest took. Then nothing may keep it alive.
 */
const BOUND_MS = 1000;
/** A loaded machine is late. */
const SETTLING_MS = 10_000;
const [emulatorHost = "", waiting = ""] = process.argv.slice(2);

const topic: TopicSpec = {
  name: "orders",
  physicalName: "orders",
  ordered: false,
  exactlyOnce: false,
  retentionMs: 86_400_000,
};
const subscription: SubscriptionSpec = {
  name: "mail",
  physicalName: "mail",
  topic,
  ackDeadlineMs: 30_000,
  maxRetries: 5,
  maxBackoffMs: 10_000,
};
const context: DriverContext = {
  clock: systemClock,
  random: Math.random,
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  status() {},
};
const body = Buffer.alloc(100_000, "x");

const driver = await gcp({ projectId: "closing", emulatorHost, waitingPulls: waiting === "waiting" }).open(context);
await driver.apply({ topics: [topic], subscriptions: [subscription] }, { update: false });
const publisher = await driver.openPublisher(topic);
const letters = await driver.openDeadLetters(subscription);
const publish = (): Promise<void> =>
  new Promise((accept, reject) => {
    const message = { body, attributes: {}, orderingKey: undefined, publishTimeMs: Date.now(), awaited: true };
    publisher.publish([{ ...message, id: crypto.randomUUID(), accept, reject }]);
  });
const held: DriverDelivery[] = [];
const sink = {
  deliver: (delivery: DriverDelivery) => void held.push(delivery),
  revoke: () => true,
  revokeAll() {},
  failing() {},
  receiving() {},
};
const subscriber = await driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
await publish();
await publish();
while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));

const frozen = new Promise((resolve) => process.once("message", resolve));
process.send?.({ type: "ready" });
await frozen;

// Nobody answers these: they end with the driver. More bytes are sent than the line takes.
const unanswered = [
  ...Array.from({ length: 100 }, publish),
  letters.peek(10),
  letters.store({ id: "letter", body, attributes: {}, orderingKey: undefined, publishTimeMs: 0 }),
  driver.plan({ topics: [topic], subscriptions: [subscription] }),
  driver.openSubscriber({ ...subscription, name: "never" }, sink, { maxOutstanding: 10 }),
];
let rejected = 0;
for (const one of unanswered) one.catch(() => (rejected += 1));
subscriber.extend(held);
ack(held[0])?.catch(() => {});
retry(held[1], 1000)?.catch(() => {});

let longestMs = 0;
const timed = async (close: Promise<void>): Promise<void> => {
  const startMs = performance.now();
  await close;
  longestMs = Math.max(longestMs, performance.now() - startMs);
};
await timed(subscriber.stop(BOUND_MS));
await timed(subscriber.close(BOUND_MS));
await timed(publisher.close(BOUND_MS));
await timed(letters.close(BOUND_MS));
await timed(driver.close(BOUND_MS));
// What was cancelled is told in the next turns.
const openResources = (): string[] => process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|Timeout/.test(kind));
const endMs = performance.now() + SETTLING_MS;
while ((rejected < unanswered.length || openResources().length > 0) && performance.now() < endMs) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const left = openResources();
process.send?.({ type: "closed", longestMs, unanswered: unanswered.length, rejected, left });
process.disconnect();
