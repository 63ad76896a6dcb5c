import { startBrokerOrSkip } from "@anytopic/brokers";
import { bytesCodec, connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { BrokerAsPromised } from "rascal";
import { Connection } from "rabbitmq-client";
import { afterAll, beforeAll, expect, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
const noBroker = broker === undefined;
let pubsub: PubSub;

beforeAll(async () => {
  if (broker !== undefined) pubsub = await connect(rabbitmq({ url: broker.url, contentType: "application/json" }));
});
afterAll(async () => {
  await pubsub?.close();
  await broker?.close();
});

interface Order {
  readonly id: number;
}

/** rascal on an exchange and a queue that we created; it only checks them. */
async function rascal(exchange: string, queue: string): Promise<BrokerAsPromised> {
  const created = await BrokerAsPromised.create({
    vhosts: {
      "/": {
        connection: broker!.url,
        exchanges: { [exchange]: { assert: false, check: true } },
        queues: { [queue]: { assert: false, check: true } },
        publications: { out: { exchange, confirm: true } },
        subscriptions: { in: { queue, contentType: "application/json" } },
      },
    },
  });
  created.on("error", () => {});
  return created;
}

test.skipIf(noBroker)("rascal reads what we publish: JSON, headers, id and time in their usual places", async () => {
  const topic = defineTopic<Order>("orders");
  const subscription = defineSubscription(topic, "billing");
  await pubsub.apply([subscription]);
  const id = await pubsub.publish(topic, { id: 7 }, { attributes: { tenant: "ü" } });
  const other = await rascal("orders", "orders.billing");
  const reader = await other.subscribe("in");
  const read = await new Promise<{ message: RascalMessage; content: unknown }>((resolve) => {
    reader.on("message", (message, content, ackOrNack) => {
      ackOrNack();
      resolve({ message, content });
    });
  });
  expect(read.content).toEqual({ id: 7 });
  expect(read.message.properties).toMatchObject({ messageId: id, deliveryMode: 2, contentType: "application/json" });
  expect(read.message.properties.headers).toMatchObject({ tenant: "ü" });
  expect(Math.abs(read.message.properties.timestamp - Date.now() / 1000)).toBeLessThan(60);
  await other.shutdown();
});

interface RascalMessage {
  readonly properties: { readonly timestamp: number; readonly headers: Readonly<Record<string, unknown>> };
}

test.skipIf(noBroker)("we read what rascal publishes, with its id", async () => {
  const topic = defineTopic<Order>("invoices");
  const subscription = defineSubscription(topic, "archive", { retryPolicy: { minBackoffMs: 100, maxBackoffMs: 100 } });
  const got: { event: Order; id: string; attempt: number }[] = [];
  await pubsub.subscribe(subscription, (event, { id, attempt }) => {
    got.push({ event, id, attempt });
    if (attempt === 1) throw new Error("once more");
  });
  const other = await rascal("invoices", "invoices.archive");
  const publication = await other.publish("out", { id: 8 });
  const messageId = await new Promise<string>((resolve) => publication.on("success", resolve));
  await expect.poll(() => got.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(got[0]).toEqual({ event: { id: 8 }, id: messageId, attempt: 1 });
  expect(got[1]).toMatchObject({ event: { id: 8 }, id: messageId });
  await other.shutdown();
});

test.skipIf(noBroker)(
  "we read what rabbitmq-client publishes without any metadata, not JSON, with odd headers, and empty",
  async () => {
    const topic = defineTopic("raw", { codec: bytesCodec });
    const subscription = defineSubscription(topic, "reader", {
      retryPolicy: { maxRetries: 1, minBackoffMs: 100, maxBackoffMs: 100 },
    });
    const got: { body: string; id: string; attempt: number; attributes: object; timeMs: number }[] = [];
    await pubsub.subscribe(subscription, (body, { id, attempt, attributes, publishTime }) => {
      got.push({
        body: Buffer.from(body).toString("hex"),
        id,
        attempt,
        attributes: { ...attributes },
        timeMs: publishTime.getTime(),
      });
      if (attempt === 1) throw new Error("once more");
    });
    const connection = new Connection(broker!.url);
    const publisher = connection.createPublisher({ confirm: true });
    const headers = { count: 3, nested: { deep: [1, "two"] }, none: null, yes: true };
    await publisher.send({ exchange: "raw", headers, userId: "guest", expiration: "600000" }, Buffer.from([0, 255, 1]));
    await publisher.send({ exchange: "raw" }, Buffer.alloc(0));
    await expect.poll(() => got.length).toBe(4);
    const [odd, oddAgain] = got.filter(({ body }) => body === "00ff01");
    expect(odd).toMatchObject({
      attempt: 1,
      attributes: { count: "3", nested: '{"deep":[1,"two"]}', none: "", yes: "true" },
    });
    expect(oddAgain).toEqual({ ...odd, attempt: 2, timeMs: expect.any(Number) as number });
    expect(Math.abs(odd!.timeMs - Date.now())).toBeLessThan(60_000);
    const empty = got.filter(({ body }) => body === "");
    expect(empty.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(empty[0]!.id).toBe(empty[1]!.id);
    await publisher.close();
    await connection.close();
  },
);
