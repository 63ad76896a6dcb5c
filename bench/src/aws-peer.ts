import { once } from "node:events";

import { Consumer } from "sqs-consumer";
import { Producer } from "sqs-producer";

import { BATCH, createResources, PUBLISHERS, RECEIVERS } from "./aws-raw.ts";
import { nextEvent } from "./event.ts";
import type { Form } from "./form.ts";

/** The most used pair: sqs-producer directly into the queue (no SNS), and five sqs-consumers in batches. */
export async function awsPeerForm(endpoint: string): Promise<Form> {
  const { sns, sqs, queueUrl } = await createResources(endpoint);
  const producer = Producer.create({ queueUrl, sqs, batchSize: BATCH });
  let idle: Promise<unknown> = Promise.resolve();
  return {
    name: "sqs-producer and sqs-consumer",
    async publish(count): Promise<void> {
      let left = count;
      const loop = async (): Promise<void> => {
        while (left > 0) {
          const size = Math.min(BATCH, left);
          left -= size;
          const messages = Array.from({ length: size }, (_, index) => ({
            id: String(index),
            body: JSON.stringify(nextEvent()),
          }));
          await producer.send(messages);
        }
      };
      await Promise.all(Array.from({ length: PUBLISHERS }, loop));
    },
    async consume(count): Promise<void> {
      let left = count;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const consumers = Array.from({ length: RECEIVERS }, () =>
        Consumer.create({
          queueUrl,
          sqs,
          batchSize: BATCH,
          waitTimeSeconds: 1,
          pollingCompleteWaitTimeMs: 5000,
          async handleMessageBatch(messages) {
            for (const { Body = "" } of messages) JSON.parse(Body);
            return messages;
          },
        }),
      );
      for (const consumer of consumers) {
        consumer.on("error", reject);
        consumer.on("message_processed", () => {
          left -= 1;
          if (left === 0) resolve();
        });
        consumer.start();
      }
      await promise;
      idle = Promise.all(
        consumers.map((consumer) => {
          const stopped = once(consumer, "stopped");
          consumer.stop();
          return stopped;
        }),
      );
    },
    idle: () => idle,
    async close(): Promise<void> {
      await idle;
      sns.destroy();
      sqs.destroy();
    },
  };
}
