import { EXPIRES_ATTRIBUTE, expiresMsOf, PubSubError } from "@anytopic/core/driver";
import { forwardDelivery, forwardPublisher, forwardRequest, openWrappedSubscriber } from "../intercept.ts";
import { sabotageDelivery, sabotageDriver, type Saboteur } from "./saboteur.ts";

const enveloped = (body: Uint8Array): Uint8Array =>
  Buffer.from(JSON.stringify({ data: Buffer.from(body).toString("base64") }));

/** Throws when it is no envelope. */
function opened(body: Uint8Array): Uint8Array {
  const { data } = JSON.parse(Buffer.from(body).toString()) as { readonly data: string };
  return Buffer.from(data, "base64");
}

/** Adapters that are wrong towards others: plain clients, and readers of logs. */
export const wrapping: readonly Saboteur[] = [
  {
    name: "envelope",
    wrong: "bodies travel in an envelope that only we can read",
    killedBy: ["wire.foreign-reads", "wire.foreign-writes"],
    says: "the body to be the same",
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        return forwardPublisher(publisher, {
          publish: (batch) =>
            publisher.publish(batch.map((request) => forwardRequest(request, { body: enveloped(request.body) }))),
        });
      },
      openSubscriber: (subscription, sink, options) =>
        openWrappedSubscriber(driver, subscription, sink, options, {
          wrap(delivery) {
            try {
              return forwardDelivery(delivery, { body: opened(delivery.body) });
            } catch (error) {
              return forwardDelivery(delivery, { undecodable: error as Error });
            }
          },
        }),
    })),
  },
  {
    name: "expire-what-cannot-be-read",
    wrong: "a time of expiry that a stranger wrote and nobody can read counts as one that has passed",
    killedBy: ["expiry.foreign"],
    says: "every message that has not expired",
    sabotage: sabotageDelivery((delivery) => {
      const { attributes } = delivery;
      if (attributes[EXPIRES_ATTRIBUTE] === undefined || expiresMsOf(attributes) !== undefined) return delivery;
      return forwardDelivery(delivery, { attributes: { ...attributes, [EXPIRES_ATTRIBUTE]: "0" } });
    }),
  },
  {
    name: "show-password",
    wrong: "the error of a failed login shows the password",
    killedBy: ["life.secrets"],
    says: "not to contain the secret",
    sabotage: (adapter, harness) => ({
      name: adapter.name,
      capabilities: adapter.capabilities,
      async open(context, signal) {
        try {
          return await adapter.open(context, signal);
        } catch (error) {
          const cause = new Error(`could not log in with ${harness?.unreachable?.secret}`, { cause: error });
          throw new PubSubError("UNAVAILABLE", "connecting failed", { cause });
        }
      },
    }),
  },
];
