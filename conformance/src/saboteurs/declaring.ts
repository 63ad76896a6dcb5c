import { PubSubError, type Adapter, type Capabilities, type PublishRequest } from "@anytopic/core/driver";
import { forwardDelivery, forwardPublisher, forwardRequest } from "../intercept.ts";
import { sabotageDelivery, sabotageDriver, sabotagePublish, type Saboteur } from "./saboteur.ts";

const BATCH = 10;
const ATTRIBUTES = 10;

/** The same adapter with other capabilities. */
export function withCapabilities(adapter: Adapter, changes: Partial<Capabilities>): Adapter {
  const capabilities = Object.freeze({ ...adapter.capabilities, ...changes });
  return { name: adapter.name, capabilities, open: (context, signal) => adapter.open(context, signal) };
}

function firstTen({ attributes }: PublishRequest): PublishRequest["attributes"] {
  const kept = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(attributes).slice(0, ATTRIBUTES)) kept[key] = value;
  return kept;
}

/** Adapters whose limits and capabilities are not those of their broker. */
export const declaring: readonly Saboteur[] = [
  {
    name: "batches-too-large",
    wrong: "larger batches are declared than the broker accepts",
    killedBy: ["publish.batch-by-bytes"],
    says: "a request may have 10 messages",
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        return forwardPublisher(publisher, {
          publish(batch) {
            if (batch.length <= BATCH) return publisher.publish(batch);
            for (const request of batch)
              request.reject(new PubSubError("REJECTED", `a request may have ${BATCH} messages`));
          },
        });
      },
    })),
  },
  {
    name: "size-without-body",
    wrong: "the size of a message is counted without its body",
    killedBy: ["publish.message-limit", "publish.batch-partial-failure"],
    says: "a message one byte above the limit to reject",
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        const sizeOf: typeof publisher.sizeOf = (message) => publisher.sizeOf({ ...message, body: new Uint8Array() });
        return forwardPublisher(publisher, { sizeOf });
      },
    })),
  },
  {
    name: "ten-attributes",
    wrong: "more attributes are declared than the broker has, and those beyond ten are left out",
    killedBy: ["instrumentation.within-limits"],
    says: "its attributes",
    sabotage: sabotagePublish((batch) =>
      batch.map((request) => forwardRequest(request, { attributes: firstTen(request) })),
    ),
  },
  {
    name: "range-too-wide",
    wrong: "a wider range of ack deadlines is declared than the broker accepts",
    killedBy: ["capabilities.out-of-range"],
    says: "ack deadlines below 5 s",
    sabotage: sabotageDriver((driver) => ({
      openSubscriber: async (subscription, sink, options) => {
        if (subscription.ackDeadlineMs < 5000) throw new PubSubError("REJECTED", "ack deadlines below 5 s");
        return await driver.openSubscriber(subscription, sink, options);
      },
    })),
  },
  {
    name: "new-id-on-redelivery",
    wrong: "exactly-once is left to the inbox, and a redelivered message has another id",
    killedBy: ["exactly-once.lost-acks"],
    says: "handler runs to be 10, got 20",
    sabotage: (adapter) => newIdOnRedelivery(withCapabilities(adapter, { exactlyOnce: "inbox" })),
  },
];

const newIdOnRedelivery = sabotageDelivery((delivery) =>
  delivery.attempt === 1 ? delivery : forwardDelivery(delivery, { id: `${delivery.id}-again` }),
);
