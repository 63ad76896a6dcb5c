import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTopicsCommand,
} from "@aws-sdk/client-sns";
import { GetQueueAttributesCommand, ListQueueTagsCommand, SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestClients, type TestClients } from "./clients.ts";
import { queueUrlOf } from "./queue-stats.ts";

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

function unique(name: string): string {
  return `${name}-${crypto.randomUUID().slice(0, 8)}`;
}

describe.skipIf(broker === undefined)("provisioning", () => {
  const { url } = broker as Broker;
  let clients: TestClients;
  let pubsub: PubSub;
  beforeAll(async () => {
    clients = createTestClients(url);
    pubsub = await connect(aws({ region: "eu-west-1", endpoint: url }));
  });
  afterAll(async () => {
    await pubsub.close();
    clients.sns.destroy();
    clients.sqs.destroy();
  });

  async function attributesOf(topic: string, subscription: string): Promise<Partial<Record<string, string>>> {
    const QueueUrl = await queueUrlOf(clients, { topic, subscription });
    const { Attributes = {} } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
    );
    return Attributes;
  }

  test("creates topic, queues and their link, and says so in order", async () => {
    const topic = defineTopic(unique("orders"));
    const subscription = defineSubscription(topic, "mail", { ackDeadlineMs: 12_500, retryPolicy: { maxRetries: 4 } });
    const changes = await pubsub.apply([subscription]);
    expect(changes).toMatchObject([
      { action: "create", resource: `topic ${topic.name}`, detail: "" },
      { action: "create", resource: `queue ${topic.name}_mail_dlq`, detail: "" },
      { action: "create", resource: `queue ${topic.name}_mail`, detail: "" },
      { action: "create", resource: `subscription ${topic.name}_mail`, detail: "" },
    ]);
    expect(await pubsub.plan([subscription])).toEqual([]);
    expect(await pubsub.apply([subscription])).toEqual([]);

    const attributes = await attributesOf(topic.name, "mail");
    expect(attributes).toMatchObject({ VisibilityTimeout: "13", MessageRetentionPeriod: "604800" });
    expect(JSON.parse(attributes["RedrivePolicy"] ?? "")).toMatchObject({ maxReceiveCount: 20 });
    const [statement, ...others] = (JSON.parse(attributes["Policy"] ?? "") as { Statement: object[] }).Statement;
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Condition: {
        ArnEquals: { "aws:SourceArn": expect.stringMatching(new RegExp(`:sns:eu-west-1:\\d+:${topic.name}$`)) },
      },
    });
    const QueueUrl = await queueUrlOf(clients, { topic: topic.name, subscription: "mail" });
    const { Tags } = await clients.sqs.send(new ListQueueTagsCommand({ QueueUrl }));
    expect(Tags).toEqual({ "anytopic:topic": topic.name, "anytopic:subscription": "mail" });
  });

  test("an ordered topic is FIFO throughout, and what SNS cannot deliver is a dead letter", async () => {
    const topic = defineTopic(unique("orders"), { orderingKey: () => "k" });
    await pubsub.apply([defineSubscription(topic, "mail")]);
    const { Topics = [] } = await clients.sns.send(new ListTopicsCommand({}));
    const TopicArn = Topics.find((each) => each.TopicArn?.endsWith(`:${topic.name}.fifo`))?.TopicArn;
    const ofTopic = await clients.sns.send(new GetTopicAttributesCommand({ TopicArn }));
    expect(ofTopic.Attributes).toMatchObject({ FifoTopic: "true" });
    const fifo = { FifoQueue: "true", DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" };
    expect(await attributesOf(topic.name, "mail")).toMatchObject(fifo);
    const letters = await attributesOf(topic.name, "mail_dlq");
    expect(letters).toMatchObject({ ...fifo, MessageRetentionPeriod: "1209600" });

    const { Subscriptions = [] } = await clients.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    expect(Subscriptions).toHaveLength(1);
    const { SubscriptionArn } = Subscriptions[0] ?? {};
    const link = await clients.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(link.Attributes).toMatchObject({ RawMessageDelivery: "true" });
    const deadLetterTargetArn = letters["QueueArn"];
    expect(JSON.parse(link.Attributes?.["RedrivePolicy"] ?? "")).toEqual({ deadLetterTargetArn });
    const { Statement } = JSON.parse(letters["Policy"] ?? "") as { Statement: object[] };
    const Condition = { ArnEquals: { "aws:SourceArn": TopicArn } };
    expect(Statement).toMatchObject([{ Action: "sqs:SendMessage", Resource: deadLetterTargetArn, Condition }]);
  });

  test("says exactly what differs, and changes it when told to", async () => {
    const topic = defineTopic(unique("orders"));
    await pubsub.apply([defineSubscription(topic, "mail", { ackDeadlineMs: 10_000, retryPolicy: { maxRetries: 4 } })]);
    const declared = defineSubscription(topic, "mail", { ackDeadlineMs: 20_000, retryPolicy: { maxRetries: 9 } });
    const difference = {
      action: "update",
      resource: `queue ${topic.name}_mail`,
      detail:
        "VisibilityTimeout is 10, declared 20; " +
        `RedrivePolicy is 20 receives to ${topic.name}_mail_dlq, declared 30 receives to ${topic.name}_mail_dlq`,
    };
    expect(await pubsub.plan([declared])).toMatchObject([difference]);
    expect(await pubsub.apply([declared])).toEqual([]);
    expect(await pubsub.plan([declared])).toMatchObject([difference]);
    expect(await pubsub.apply([declared], { update: true })).toMatchObject([difference]);
    expect(await pubsub.plan([declared])).toEqual([]);
    expect(await attributesOf(topic.name, "mail")).toMatchObject({ VisibilityTimeout: "20" });
  });

  test("adds its statement to a policy, and leaves those of others", async () => {
    const topic = defineTopic(unique("orders"));
    const subscription = defineSubscription(topic, "mail");
    await pubsub.apply([subscription]);
    const theirs = { Sid: "Theirs", Effect: "Deny", Principal: "*", Action: "sqs:SendMessage", Resource: "*" };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [theirs] });
    const QueueUrl = await queueUrlOf(clients, { topic: topic.name, subscription: "mail" });
    await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    expect(await pubsub.plan([subscription])).toMatchObject([
      {
        action: "update",
        resource: `queue ${topic.name}_mail`,
        detail: "Policy does not let the topic send, declared is that it does",
      },
    ]);
    await pubsub.apply([subscription], { update: true });
    expect(await pubsub.plan([subscription])).toEqual([]);
    const { Statement } = JSON.parse((await attributesOf(topic.name, "mail"))["Policy"] ?? "") as {
      Statement: object[];
    };
    expect(Statement).toHaveLength(2);
    expect(Statement[0]).toEqual(theirs);
  });

  test.for([
    [988, 1000],
    [100, 212],
    [0, 12],
    [990, undefined],
    [Number.POSITIVE_INFINITY, undefined],
  ] as const)("with maxRetries %s the backstop is at %s receives", async ([maxRetries, receives]) => {
    const topic = defineTopic(unique("orders"));
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries } });
    await pubsub.apply([subscription]);
    const { RedrivePolicy } = await attributesOf(topic.name, "mail");
    const policy = RedrivePolicy === undefined ? undefined : (JSON.parse(RedrivePolicy) as { maxReceiveCount: number });
    expect(policy?.maxReceiveCount).toBe(receives);
    expect(await pubsub.plan([subscription])).toEqual([]);
  });

  test("is safe when ten do the same at the same time", async () => {
    const topic = defineTopic(unique("orders"), { orderingKey: () => "k" });
    const subscription = defineSubscription(topic, "mail");
    await Promise.all(Array.from({ length: 10 }, () => pubsub.apply([subscription])));
    expect(await pubsub.plan([subscription])).toEqual([]);
    expect(await pubsub.destroy([topic, subscription])).toEqual([
      `subscription ${topic.name}_mail.fifo`,
      `queue ${topic.name}_mail.fifo`,
      `queue ${topic.name}_mail_dlq.fifo`,
      `topic ${topic.name}.fifo`,
    ]);
    expect(await pubsub.destroy([topic, subscription])).toEqual([]);
  });
});
