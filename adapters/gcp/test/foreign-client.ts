import type { ForeignClient, ForeignMessage } from "@anytopic/conformance";
import { type PubSub, v1 } from "@google-cloud/pubsub";

const TAKE_TIMEOUT_MS = 5000;
const PAUSE_MS = 50;

/** The plain client of Google, used as its documentation shows. */
export function createForeignClient(client: PubSub): ForeignClient {
  return {
    async publish(topic, { body, attributes, orderingKey }): Promise<void> {
      const data = Buffer.from(body);
      const ordered = orderingKey === undefined ? {} : { orderingKey };
      await client
        .topic(topic, { messageOrdering: orderingKey !== undefined })
        .publishMessage({ data, attributes: { ...attributes }, ...ordered });
    },
    async take({ topic, subscription }): Promise<ForeignMessage | undefined> {
      const subscriber = new v1.SubscriberClient((await client.getClientConfig()) as never);
      try {
        return await takeFrom(subscriber, `projects/${client.projectId}/subscriptions/${topic}.${subscription}`);
      } finally {
        await subscriber.close();
      }
    },
  };
}

async function takeFrom(subscriber: v1.SubscriberClient, subscription: string): Promise<ForeignMessage | undefined> {
  for (const endMs = Date.now() + TAKE_TIMEOUT_MS; Date.now() < endMs;) {
    const [answer] = await subscriber.pull({ subscription, maxMessages: 1, returnImmediately: true });
    const [received] = answer.receivedMessages ?? [];
    if (received?.message && received.ackId) {
      await subscriber.acknowledge({ subscription, ackIds: [received.ackId] });
      const { data, attributes, orderingKey } = received.message;
      return { body: data as Buffer, attributes: attributes ?? {}, orderingKey: orderingKey || undefined };
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return undefined;
}
