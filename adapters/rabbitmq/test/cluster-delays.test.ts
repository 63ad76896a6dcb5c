import { randomUUID } from "node:crypto";
import { rabbitmqScripts } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSubError, silentLogger } from "@anytopic/core";
import { expect, onTestFinished, test } from "vitest";
import { clientsOf } from "./cluster/clients-of.ts";
import { RabbitmqCluster } from "./cluster/rabbitmq-cluster.ts";

// Elections take long: only when asked for.
const scripts = process.env["ANYTOPIC_CLUSTERS"] === undefined ? undefined : rabbitmqScripts();

/** More than the broker has on their way from one queue to the next at a time, which is 32. */
const MESSAGES = 100;
const DELAY_MS = 500;

test.skipIf(scripts === undefined)(
  "what is published with a delay arrives, while the node is down on which the first such message was published",
  { timeout: 180_000 },
  async () => {
    const cluster = await RabbitmqCluster.start(scripts as string);
    onTestFinished(async () => cluster.close());
    const topic = defineTopic<number>(`delays-${randomUUID().slice(0, 8)}`);
    const subscription = defineSubscription(topic, "worker", { maxConcurrency: 100 });
    const { adapter } = clientsOf(cluster);
    await using pubsub = await connect(adapter(0), { logger: silentLogger, publish: { timeoutMs: 5000 } });
    await using worker = await connect(adapter(1), { logger: silentLogger });
    const received = new Set<number>();
    await worker.subscribe(subscription, (number) => void received.add(number));
    const publish = async (number: number): Promise<void> => {
      const once = (): Promise<string> => pubsub.publish(topic, number, { delayMs: DELAY_MS, id: `delayed-${number}` });
      let isStored = false;
      await expect
        .poll(
          async () => {
            isStored ||= await once().then(
              () => true,
              (error: unknown) => !(error as PubSubError).retryable,
            );
            return isStored;
          },
          { timeout: 60_000 },
        )
        .toBe(true);
    };
    await publish(0);
    await expect.poll(() => received.size, { timeout: 60_000 }).toBe(1);
    await cluster.nodes[0]?.kill();
    for (let number = 1; number <= MESSAGES; number += 10) {
      await Promise.all(Array.from({ length: 10 }, async (_, index) => publish(number + index)));
    }
    await expect.poll(() => received.size, { timeout: 60_000 }).toBe(1 + MESSAGES);
  },
);
