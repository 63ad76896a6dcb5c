import { startBrokerOrSkip } from "@anytopic/brokers";
import { silentLogger, systemClock } from "@anytopic/core";
import type { DeliverySink, DriverContext, DriverDelivery, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, expect, onTestFinished, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => await broker?.close());

/** RabbitMQ 3.10 keeps the order of the first 64 messages that are returned at once. */
const MESSAGES = 300;

const topic: TopicSpec = {
  name: "released",
  physicalName: "released",
  ordered: true,
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

/** A driver with the messages 0, 1, … of one key in its queue, and a way to open workers. */
async function opened(count: number) {
  const context: DriverContext = { clock: systemClock, random: Math.random, logger: silentLogger, status() {} };
  const driver = await rabbitmq({ url: broker!.url }).open(context);
  const topology = { topics: [topic], subscriptions: [subscription] };
  onTestFinished(async () => {
    await driver.destroy(topology);
    await driver.close(1000);
  });
  await driver.apply(topology, { update: false });
  const publisher = await driver.openPublisher(topic);
  const stored = Array.from({ length: count }, (_, index) => {
    const message = { id: String(index), body: Buffer.from("{}"), attributes: {}, orderingKey: "key" };
    const { promise, resolve: accept, reject } = Promise.withResolvers<void>();
    publisher.publish([{ ...message, publishTimeMs: Date.now(), awaited: true, accept, reject }]);
    return promise;
  });
  await Promise.all(stored);
  const openWorker = async () => {
    const delivered: DriverDelivery[] = [];
    const deliver = (delivery: DriverDelivery): void => void delivered.push(delivery);
    const sink: DeliverySink = { deliver, revoke: () => true, revokeAll() {}, failing() {}, receiving() {} };
    const worker = await driver.openSubscriber(subscription, sink, { maxOutstanding: 1000 });
    return { worker, delivered };
  };
  return { openWorker };
}

const idsOf = (deliveries: readonly DriverDelivery[]): string[] => deliveries.map(({ id }) => id);
const ids = Array.from({ length: MESSAGES }, (_, index) => String(index));

test.skipIf(broker === undefined)(
  "many messages of a key that are released at once come again in order, and spend no attempt",
  async () => {
    const { openWorker } = await opened(MESSAGES);
    const { worker, delivered } = await openWorker();
    await expect.poll(() => delivered.length).toBe(MESSAGES);
    for (const delivery of delivered.slice()) expect(delivery.owner.release(delivery, false)).toBeUndefined();
    await expect.poll(() => delivered.length).toBe(2 * MESSAGES);
    const again = delivered.slice(MESSAGES);
    expect(idsOf(again)).toEqual(ids);
    expect(new Set(again.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    for (const delivery of again) await delivery.owner.ack(delivery);
    await worker.stop(1000);
    await worker.close(1000);
  },
);

test.skipIf(broker === undefined)(
  "the first message of a key that was released before its worker closes comes first at the next worker",
  async () => {
    const { openWorker } = await opened(3);
    const first = await openWorker();
    await expect.poll(() => first.delivered.length).toBe(3);
    const head = first.delivered[0]!;
    expect(head.owner.release(head, false)).toBeUndefined();
    await expect.poll(() => first.delivered.length).toBe(4);
    expect(first.delivered[3]).toMatchObject({ id: "0", attempt: 1 });
    const second = await openWorker();
    await first.worker.stop(1000);
    await first.worker.close(1000);
    await expect.poll(() => second.delivered.length).toBe(3);
    expect(second.delivered).toMatchObject([
      { id: "0", attempt: 2 },
      { id: "1", attempt: 2 },
      { id: "2", attempt: 2 },
    ]);
    await second.worker.stop(1000);
    await second.worker.close(1000);
  },
);
