import type { SubscriptionName, SubscriptionStats } from "@anytopic/conformance";
import { GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import type { TestClients } from "./clients.ts";

/** SQS does not count consumers, only messages. */
export async function queueStats(clients: TestClients, name: SubscriptionName): Promise<SubscriptionStats> {
  const { Attributes = {} } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: await queueUrlOf(clients, name), AttributeNames: ["All"] }),
  );
  return {
    workers: undefined,
    outstanding: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    waiting: Number(Attributes.ApproximateNumberOfMessages),
  };
}

export async function queueUrlOf({ sqs }: TestClients, { topic, subscription }: SubscriptionName): Promise<string> {
  const name = `${topic}_${subscription}`;
  for (const QueueName of [name, `${name}.fifo`]) {
    try {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
      if (QueueUrl !== undefined) return QueueUrl;
    } catch (error) {
      if (!(error instanceof Error) || !/NonExistentQueue|QueueDoesNotExist/.test(error.name)) throw error;
    }
  }
  throw new Error(`there is no queue ${name}`);
}
