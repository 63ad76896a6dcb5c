import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, expect, test } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("nats");
afterAll(async () => broker?.close());

test.skipIf(broker === undefined)("a redrive that the broker does not store keeps the letters", async () => {
  const topic = defineTopic<{ n: number }>("refused");
  const subscription = defineSubscription(topic, "mail");
  await using pubsub = await connect(nats({ servers: (broker as Broker).url }));
  await pubsub.apply([topic, subscription]);
  const worker = await pubsub.subscribe(subscription, () => {
    throw new Reject("never");
  });
  await Promise.all([pubsub.publish(topic, { n: 1 }), pubsub.publish(topic, { n: 2 })]);
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(async () => letters.count()).toBe(2);
  await worker.close();
  // Redriven messages would be stored there.
  await (await jetstreamManager(pubsub.native)).streams.delete("refused");

  await expect(letters.redrive()).rejects.toMatchObject({ code: "NOT_FOUND" });

  expect(await letters.count()).toBe(2);
  expect((await letters.peek()).length).toBe(2);
});
