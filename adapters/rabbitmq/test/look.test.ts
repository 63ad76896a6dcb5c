import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { connect as amqpConnect } from "amqplib";
import { afterAll, expect, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => await broker?.close());

const ROUNDS = 20;

test.skipIf(broker === undefined)(
  "whoever looks at dead letters whose queue is just being made ends no worker",
  { timeout: 60_000 },
  async () => {
    const topic = defineTopic<number>("looked-at");
    const subscription = defineSubscription(topic, "worker");
    const states: string[] = [];
    const quiet = (): void => {};
    await using pubsub = await connect(rabbitmq({ url: broker!.url }), {
      observer: (event) => void (event.type === "connection" && states.push(event.state)),
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    const got: number[] = [];
    await pubsub.subscribe(subscription, (event) => void got.push(event));
    const letters = pubsub.deadLetters(subscription);
    const connection = await amqpConnect(broker!.url);
    const channel = await connection.createChannel();
    const queue = "looked-at.worker.dead-letters";
    for (let round = 0; round < ROUNDS; round += 1) {
      await channel.deleteQueue(queue);
      const made = new AbortController();
      const looking = Array.from({ length: 4 }, async () => {
        while (!made.signal.aborted) {
          await letters.peek({ limit: 1 }).catch(() => {});
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      const declared = channel.assertQueue(queue, {
        durable: true,
        arguments: { "x-queue-type": "quorum", "x-delivery-limit": 2 ** 31 - 1 },
      });
      await declared.finally(() => made.abort());
      await Promise.all(looking);
      await pubsub.publish(topic, round);
    }
    await connection.close();
    await expect.poll(() => new Set(got).size).toBe(ROUNDS);
    expect(states).toEqual([]);
    // The connection for letters reconnects by itself.
    await expect.poll(() => letters.peek().catch(() => undefined)).toEqual([]);
  },
);
