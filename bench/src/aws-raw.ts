import { randomUUID } from "node:crypto";

import { CreateTopicCommand, PublishBatchCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";

import { nextEvent, type BenchEvent } from "./event.ts";
import type { Form } from "./form.ts";
import type { LatencyForm } from "./latency.ts";

export const REGION = "eu-west-1";
/** Messages per request of SNS and SQS. */
export const BATCH = 10;
/** Publish requests at the same time. */
export const PUBLISHERS = 20;
/** Receive loops at the same time. */
export const RECEIVERS = 5;

export interface AwsResources {
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly topicArn: string;
  readonly queueUrl: string;
}

/** A topic, and a queue with raw delivery. */
export async function createResources(endpoint: string): Promise<AwsResources> {
  const config = { region: REGION, endpoint, credentials: { accessKeyId: "bench", secretAccessKey: "bench" } };
  const sns = new SNSClient(config);
  const sqs = new SQSClient(config);
  const name = `bench-${randomUUID()}`;
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: name }));
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  const subscription = { TopicArn, Protocol: "sqs", Endpoint: Attributes?.QueueArn };
  await sns.send(new SubscribeCommand({ ...subscription, Attributes: { RawMessageDelivery: "true" } }));
  return { sns, sqs, topicArn: TopicArn, queueUrl: QueueUrl };
}

/**
 * The fastest use of the SDK: PublishBatch of ten, twenty at a time; five loops that receive ten and delete ten.
 * `withId`: also sends an id and a time.
 */
export async function awsRawForm(endpoint: string, withId = false): Promise<Form> {
  const resources = await createResources(endpoint);
  const { sns, sqs, queueUrl } = resources;
  let idle: Promise<unknown> = Promise.resolve();
  return {
    name: withId ? "SDK, and an attribute with id and time" : "SDK, batches of 10 by hand",
    async publish(count): Promise<void> {
      let left = count;
      const loop = async (): Promise<void> => {
        while (left > 0) {
          const size = Math.min(BATCH, left);
          left -= size;
          await publishBatch(
            resources,
            Array.from({ length: size }, () => JSON.stringify(nextEvent())),
            withId,
          );
        }
      };
      await Promise.all(Array.from({ length: PUBLISHERS }, loop));
    },
    async consume(count): Promise<void> {
      let left = count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const loop = async (): Promise<void> => {
        while (left > 0) {
          const { Messages = [] } = await sqs.send(
            new ReceiveMessageCommand({
              QueueUrl: queueUrl,
              MaxNumberOfMessages: BATCH,
              WaitTimeSeconds: 1,
              ...(withId ? { MessageAttributeNames: ["All"] } : undefined),
            }),
          );
          if (Messages.length === 0) continue;
          for (const { Body = "" } of Messages) JSON.parse(Body);
          const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
          const { Failed } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
          if (Failed !== undefined && Failed.length > 0) throw new Error("an entry failed");
          left -= Messages.length;
          if (left <= 0) resolve();
        }
      };
      // Loops that still wait for a message must end before the next run, and are not measured.
      idle = Promise.all(Array.from({ length: RECEIVERS }, loop));
      await promise;
    },
    idle: () => idle,
    async close(): Promise<void> {
      await idle;
      sns.destroy();
      sqs.destroy();
    },
  };
}

/** One PublishBatch per event, as in a program that does not batch over time. */
export async function awsRawLatency(endpoint: string): Promise<LatencyForm> {
  const resources = await createResources(endpoint);
  const { sns, sqs, queueUrl } = resources;
  const closing = new AbortController();
  let idle: Promise<unknown> = Promise.resolve();
  return {
    name: "SDK, one request per event",
    async start(received): Promise<void> {
      const loop = async (): Promise<void> => {
        while (!closing.signal.aborted) {
          const { Messages = [] } = await sqs.send(
            new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: BATCH, WaitTimeSeconds: 1 }),
          );
          for (const { Body = "" } of Messages) received((JSON.parse(Body) as BenchEvent & { sentMs: number }).sentMs);
          if (Messages.length === 0) continue;
          const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
          await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
        }
      };
      idle = Promise.all(Array.from({ length: RECEIVERS }, loop));
    },
    publish: (sentMs) => publishBatch(resources, [JSON.stringify({ ...nextEvent(), sentMs })]),
    async close(): Promise<void> {
      closing.abort();
      await idle;
      sns.destroy();
      sqs.destroy();
    },
  };
}

async function publishBatch({ sns, topicArn }: AwsResources, bodies: readonly string[], withId = false): Promise<void> {
  const entries = bodies.map((Message, index) => ({
    Id: String(index),
    Message,
    ...(withId ? { MessageAttributes: idAttribute() } : undefined),
  }));
  const { Failed } = await sns.send(
    new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }),
  );
  if (Failed !== undefined && Failed.length > 0) throw new Error("an entry failed");
}

/** What a consumer needs to recognise a message again: as much as anytopic sends. */
function idAttribute(): Record<string, { DataType: string; StringValue: string }> {
  const StringValue = JSON.stringify({ id: randomUUID(), time: Date.now() });
  return { metadata: { DataType: "String", StringValue } };
}
