import { randomUUID } from "node:crypto";

import { startBroker, type Broker } from "@anytopic/brokers";
import { connect, type PubSub } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import {
  PubSub as GooglePubSub,
  v1,
  Duration,
  SubscriptionCloseBehaviors,
  type BatchPublishOptions,
  type Message,
  type SubscriberOptions,
} from "@google-cloud/pubsub";
import { googleAuthLibrary } from "google-gax";

import { anytopicForm } from "./anytopic-form.ts";
import { compareForms } from "./compare-forms.ts";
import { nextEvent, type BenchEvent } from "./event.ts";
import type { Form } from "./form.ts";
import { anytopicLatency, compareLatency, type LatencyForm } from "./latency.ts";

const COUNT = Number(process.env["COUNT"] ?? 20_000);
/** Callers that publish one event after the other: enough for two full batches. The same for every form. */
const WINDOW = 2000;
/** Messages per pull, for the forms that pull. */
const PULL_MESSAGES = 275;
const PULLS = 4;

const projectId = "bench";

function googleClient(host: string): GooglePubSub {
  return new GooglePubSub({ projectId, apiEndpoint: host, authClient: new googleAuthLibrary.PassThroughClient() });
}

interface ClientOptions {
  readonly batching: BatchPublishOptions;
  readonly subscriber: SubscriberOptions;
  /** On every message. */
  readonly attributes?: Readonly<Record<string, string>>;
}

// Its default is one hour.
const closeOptions = { behavior: SubscriptionCloseBehaviors.NackImmediately, timeout: Duration.from({ seconds: 2 }) };

const DEFAULTS: ClientOptions = { batching: {}, subscriber: { closeOptions } };
const TUNED: ClientOptions = {
  batching: { maxMessages: 1000, maxMilliseconds: 10, maxBytes: 9 * 1024 * 1024 },
  subscriber: {
    flowControl: { maxMessages: 5000, allowExcessMessages: false },
    batching: { maxMilliseconds: 10 },
    closeOptions,
  },
};

/** What anytopic adds to every message: an attribute costs the client and the emulator much more than its bytes. */
const WITH_ID: ClientOptions = { ...TUNED, attributes: { "anytopic-id": randomUUID() } };

/** The client as its documentation shows it, and with the options that make it fastest. */
async function clientForm(host: string, name: string, options: ClientOptions): Promise<Form> {
  const { batching, subscriber, attributes = {} } = options;
  const client = googleClient(host);
  const id = `raw-${randomUUID().slice(0, 8)}`;
  const topic = client.topic(id, { batching });
  await topic.create();
  await topic.createSubscription(id, { ackDeadlineSeconds: 30 });
  return {
    name,
    publish: async (count) => await inWindow(count, async (data) => await topic.publishMessage({ data, attributes })),
    async consume(count): Promise<void> {
      const subscription = client.subscription(id, subscriber);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let left = count;
      subscription.on("error", reject);
      subscription.on("message", (message: Message) => {
        JSON.parse(message.data.toString()) as BenchEvent;
        message.ack();
        left -= 1;
        if (left === 0) resolve();
      });
      await promise;
      await subscription.close();
    },
    async close(): Promise<void> {
      await client.subscription(id).delete();
      await topic.delete();
      await client.close();
    },
  };
}

/**
 * The generated client below it: parallel pulls, one acknowledgement request for each. The emulator's streams sleep,
 * its pulls do not.
 */
async function pullForm(host: string): Promise<Form> {
  const tuned = await clientForm(host, "generated client, 4 pulls", TUNED);
  const client = googleClient(host);
  const subscriber = new v1.SubscriberClient((await client.getClientConfig()) as never);
  const id = `pull-${randomUUID().slice(0, 8)}`;
  const topic = client.topic(id, { batching: TUNED.batching });
  await topic.create();
  await topic.createSubscription(id, { ackDeadlineSeconds: 30 });
  const subscription = `projects/${projectId}/subscriptions/${id}`;
  return {
    ...tuned,
    publish: async (count) => await inWindow(count, async (data) => await topic.publishMessage({ data })),
    async consume(count): Promise<void> {
      let left = count;
      const acknowledged: Promise<unknown>[] = [];
      const pull = async (): Promise<void> => {
        while (left > 0) {
          // A waiting pull would take messages of the next round: the emulator does not notice that its client is
          // gone.
          const request = { subscription, maxMessages: PULL_MESSAGES, returnImmediately: true };
          const [{ receivedMessages }] = await subscriber.pull(request);
          const ackIds = (receivedMessages ?? []).map(({ ackId, message }) => {
            JSON.parse(String(message?.data)) as BenchEvent;
            return ackId as string;
          });
          left -= ackIds.length;
          if (ackIds.length > 0) acknowledged.push(subscriber.acknowledge({ subscription, ackIds }));
          if (left <= 0) finished.resolve();
        }
      };
      const finished = Promise.withResolvers<void>();
      for (let index = 0; index < PULLS; index += 1) void pull();
      await finished.promise;
      await Promise.all(acknowledged);
    },
    async close(): Promise<void> {
      await tuned.close();
      await subscriber.deleteSubscription({ subscription });
      await topic.delete();
      await subscriber.close();
      await client.close();
    },
  };
}

async function inWindow(count: number, publishOne: (data: Buffer) => Promise<unknown>): Promise<void> {
  let left = count;
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await publishOne(Buffer.from(JSON.stringify(nextEvent())));
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, loop));
}

async function clientLatency(host: string, name: string, options: ClientOptions): Promise<LatencyForm> {
  const client = googleClient(host);
  const id = `latency-${randomUUID().slice(0, 8)}`;
  const topic = client.topic(id, { batching: options.batching });
  await topic.create();
  await topic.createSubscription(id);
  const subscription = client.subscription(id, options.subscriber);
  return {
    name,
    async start(received): Promise<void> {
      subscription.on("error", () => {});
      subscription.on("message", (message: Message) => {
        received((JSON.parse(message.data.toString()) as { sentMs: number }).sentMs);
        message.ack();
      });
    },
    publish: (sentMs) => topic.publishMessage({ json: { ...nextEvent(), sentMs } }),
    async close(): Promise<void> {
      await subscription.close();
      await subscription.delete();
      await topic.delete();
      await client.close();
    },
  };
}

/** The Google Cloud adapter against Google's client, tuned and not, and against its generated layer. */
export async function benchGcp(): Promise<void> {
  const broker: Broker = await startBroker("gcp");
  const { url } = broker;
  const open = async (): Promise<PubSub> => await connect(gcp({ projectId, emulatorHost: url }));
  try {
    const forms = [
      await clientForm(url, "@google-cloud/pubsub, tuned", TUNED),
      await clientForm(url, "the same with an id", WITH_ID),
      await pullForm(url),
      await anytopicForm(await open(), { window: WINDOW }),
      await clientForm(url, "@google-cloud/pubsub, defaults", DEFAULTS),
    ];
    await compareForms(forms, { title: `Pub/Sub, ${broker.implementation} ${broker.version}`, count: COUNT });
    await compareLatency([
      await clientLatency(url, "@google-cloud/pubsub, defaults", DEFAULTS),
      await clientLatency(url, "@google-cloud/pubsub, 1 ms batches", { ...TUNED, batching: { maxMilliseconds: 1 } }),
      await anytopicLatency(await open()),
      await anytopicLatency(await open(), { pull: true }),
    ]);
  } finally {
    await broker.close();
  }
}
