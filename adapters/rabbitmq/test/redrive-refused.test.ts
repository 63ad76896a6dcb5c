import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { connect as amqpConnect } from "amqplib";
import { afterAll, expect, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => broker?.close());

test.skipIf(broker === undefined)("a redrive that the broker does not store keeps the letters", async () => {
  const topic = defineTopic<{ n: number }>("refused");
  const subscription = defineSubscription(topic, "mail");
  await using pubsub = await connect(rabbitmq({ url: broker!.url }));
  await pubsub.apply([topic, subscription]);
  const worker = await pubsub.subscribe(subscription, () => {
    throw new Reject("never");
  });
  await Promise.all([pubsub.publish(topic, { n: 1 }), pubsub.publish(topic, { n: 2 })]);
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(async () => letters.count()).toBe(2);
  await worker.close();
  // Redriven messages would be stored there.
  const connection = await amqpConnect(broker!.url);
  await (await connection.createChannel()).deleteQueue("refused.mail");
  await connection.close();

  await expect(letters.redrive()).rejects.toMatchObject({ code: "NOT_FOUND" });

  expect(await letters.count()).toBe(2);
});
