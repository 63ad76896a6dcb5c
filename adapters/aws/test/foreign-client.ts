import type { ForeignClient, ForeignMessage, SubscriptionName } from "@anytopic/conformance";
import { ListTopicsCommand, PublishCommand } from "@aws-sdk/client-sns";
import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { TestClients } from "./clients.ts";
import { queueUrlOf } from "./queue-stats.ts";

const TAKE_SECONDS = 5;

/** Publishes to the SNS topic and receives from the SQS queue with the plain SDK. */
export function foreignClient({ sns, sqs }: TestClients): ForeignClient {
  return {
    async publish(topic: string, { body, attributes, orderingKey }: ForeignMessage): Promise<void> {
      const arn = await topicArnOf({ sns, sqs }, topic);
      const MessageAttributes = Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
      );
      const fifo = arn.endsWith(".fifo")
        ? { MessageGroupId: orderingKey ?? "foreign", MessageDeduplicationId: crypto.randomUUID() }
        : {};
      const Message = Buffer.from(body).toString("utf8");
      await sns.send(new PublishCommand({ TopicArn: arn, Message, MessageAttributes, ...fifo }));
    },
    async take(name: SubscriptionName): Promise<ForeignMessage | undefined> {
      const QueueUrl = await queueUrlOf({ sns, sqs }, name);
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          WaitTimeSeconds: TAKE_SECONDS,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["MessageGroupId"],
        }),
      );
      const [message] = Messages;
      if (message === undefined) return undefined;
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      const attributes: Record<string, string> = {};
      for (const [key, value] of Object.entries(message.MessageAttributes ?? {})) {
        if (value.StringValue !== undefined) attributes[key] = value.StringValue;
      }
      return { body: Buffer.from(message.Body ?? ""), attributes, orderingKey: message.Attributes?.MessageGroupId };
    },
  };
}

export async function topicArnOf({ sns }: TestClients, topic: string): Promise<string> {
  let token: string | undefined;
  do {
    const page: { Topics?: { TopicArn?: string | undefined }[] | undefined; NextToken?: string | undefined } =
      await sns.send(new ListTopicsCommand(token === undefined ? {} : { NextToken: token }));
    const found = page.Topics?.find(({ TopicArn = "" }) =>
      [topic, `${topic}.fifo`].includes(TopicArn.split(":")[5] ?? ""),
    );
    if (found?.TopicArn !== undefined) return found.TopicArn;
    token = page.NextToken;
  } while (token !== undefined);
  throw new Error(`there is no topic ${topic}`);
}
