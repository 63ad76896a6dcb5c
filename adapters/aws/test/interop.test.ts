import { once } from "node:events";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic, type PubSub, type Subscription } from "@anytopic/core";
import {
  ListTopicsCommand,
  PublishCommand,
  SetSubscriptionAttributesCommand,
  ListSubscriptionsCommand,
} from "@aws-sdk/client-sns";
import { type Message, SendMessageCommand } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";
import { Producer } from "sqs-producer";
import { afterAll, describe, expect, test } from "vitest";
import { createTestClients, type TestClients } from "./clients.ts";
import { queueUrlOf } from "./queue-stats.ts";

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

interface Setup extends AsyncDisposable {
  readonly clients: TestClients;
  readonly pubsub: PubSub;
  readonly subscription: Subscription;
  readonly topicName: string;
  readonly queueUrl: string;
}

async function setUp(codec: "json" | "text"): Promise<Setup> {
  const { url } = broker as Broker;
  const clients = createTestClients(url);
  const topicName = `interop-${crypto.randomUUID().slice(0, 8)}`;
  const subscription = defineSubscription(defineTopic(topicName, { codec }), "worker");
  const pubsub = await connect(aws({ region: "eu-west-1", endpoint: url }));
  await pubsub.apply([subscription]);
  const queueUrl = await queueUrlOf(clients, { topic: topicName, subscription: "worker" });
  return {
    clients,
    pubsub,
    subscription,
    topicName,
    queueUrl,
    async [Symbol.asyncDispose]() {
      await pubsub.destroy([subscription]);
      await pubsub.close();
      clients.sns.destroy();
      clients.sqs.destroy();
    },
  };
}

interface Seen {
  readonly event: unknown;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string | undefined;
}

/** Handles one message, and returns what its handler got. */
async function firstOf({ pubsub, subscription }: Setup): Promise<Seen> {
  const seen: Seen[] = [];
  await using worker = await pubsub.subscribe(subscription, (event, { id, attributes, orderingKey }) => {
    seen.push({ event, id, attributes: { ...attributes }, orderingKey });
  });
  await expect.poll(() => seen.length).toBe(1);
  expect(worker.health().state).toBe("receiving");
  return seen[0] as Seen;
}

async function topicArn({ clients, topicName }: Setup): Promise<string> {
  const { Topics = [] } = await clients.sns.send(new ListTopicsCommand({}));
  return Topics.find(({ TopicArn }) => TopicArn?.endsWith(`:${topicName}`) === true)?.TopicArn ?? "";
}

describe.skipIf(broker === undefined)("other programs", () => {
  test("sqs-consumer reads what we publish: JSON as the body, attributes as attributes", async () => {
    await using setup = await setUp("json");
    const { clients, pubsub, subscription, queueUrl } = setup;
    const received: Message[] = [];
    const consumer = Consumer.create({
      queueUrl,
      sqs: clients.sqs,
      waitTimeSeconds: 1,
      pollingCompleteWaitTimeMs: 5000,
      messageAttributeNames: ["All"],
      handleMessage: (message) => {
        received.push(message);
        return Promise.resolve(message);
      },
    });
    consumer.start();
    const id = await pubsub.publish(
      subscription.topic as never,
      { total: 1 },
      {
        attributes: { tenant: "a" },
      },
    );
    await expect.poll(() => received.length).toBe(1);
    const stopped = once(consumer, "stopped");
    consumer.stop();
    await stopped;
    expect(JSON.parse(received[0]?.Body ?? "")).toEqual({ total: 1 });
    expect(received[0]?.MessageAttributes?.["tenant"]?.StringValue).toBe("a");
    expect(JSON.parse(received[0]?.MessageAttributes?.["anytopic"]?.StringValue ?? "")).toMatchObject({ id });
  });

  test("we read what sqs-producer sends, without any attribute", async () => {
    await using setup = await setUp("json");
    const producer = Producer.create({ queueUrl: setup.queueUrl, sqs: setup.clients.sqs });
    const [sent] = await producer.send({ id: "1", body: '{"total":2}' });
    expect(await firstOf(setup)).toEqual({
      event: { total: 2 },
      id: sent?.MessageId,
      attributes: {},
      orderingKey: undefined,
    });
  });

  test("we read text that is not JSON, and attributes of other types", async () => {
    await using setup = await setUp("text");
    await setup.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: setup.queueUrl,
        MessageBody: "not { JSON",
        MessageAttributes: { count: { DataType: "Number", StringValue: "3" } },
      }),
    );
    expect(await firstOf(setup)).toMatchObject({ event: "not { JSON", attributes: { count: "3" } });
  });

  test("we read the envelope of a subscription whose raw delivery somebody switched off", async () => {
    await using setup = await setUp("json");
    const { sns } = setup.clients;
    const TopicArn = await topicArn(setup);
    const { Subscriptions = [] } = await sns.send(new ListSubscriptionsCommand({}));
    const SubscriptionArn = Subscriptions.find((each) => each.TopicArn === TopicArn)?.SubscriptionArn;
    await sns.send(
      new SetSubscriptionAttributesCommand({
        SubscriptionArn,
        AttributeName: "RawMessageDelivery",
        AttributeValue: "false",
      }),
    );
    const MessageAttributes = { tenant: { DataType: "String", StringValue: "b" } };
    const { MessageId } = await sns.send(new PublishCommand({ TopicArn, Message: '{"total":3}', MessageAttributes }));
    expect(await firstOf(setup)).toMatchObject({ event: { total: 3 }, id: MessageId, attributes: { tenant: "b" } });
    expect(await setup.pubsub.plan([setup.subscription])).toMatchObject([
      {
        action: "update",
        resource: `subscription ${setup.topicName}_worker`,
        detail: "RawMessageDelivery is false, declared true",
      },
    ]);
  });
});
