import { EXPIRES_ATTRIBUTE, expiresMsOf } from "@anytopic/core/driver";
import { forwardDeadLetters, forwardDelivery, forwardRequest } from "../intercept.ts";
import { sabotageDelivery, sabotageDriver, sabotagePublish, type Saboteur } from "./saboteur.ts";

type Attributes = Readonly<Record<string, string>>;

const withExpiry = (attributes: Attributes, text: string): Attributes => ({ ...attributes, [EXPIRES_ATTRIBUTE]: text });

/** Adapters that are wrong about when messages expire. */
export const expiring: readonly Saboteur[] = [
  {
    name: "forget-expiry",
    wrong: "reserved attributes of the publisher do not travel, and so no message expires",
    killedBy: ["expiry.drop", "expiry.ordered", "expiry.dead-letter"],
    sabotage: sabotagePublish((batch) =>
      batch.map((request) => {
        const { [EXPIRES_ATTRIBUTE]: _, ...attributes } = request.attributes;
        return forwardRequest(request, { attributes });
      }),
    ),
  },
  {
    name: "expire-early",
    wrong: "a time to live is set at the broker that is shorter than it should be",
    killedBy: ["expiry.drop"],
    sabotage: sabotageDelivery((delivery) => {
      const expiresMs = expiresMsOf(delivery.attributes);
      if (expiresMs === undefined) return delivery;
      return forwardDelivery(delivery, { attributes: withExpiry(delivery.attributes, String(expiresMs - 3_700_000)) });
    }),
  },
  {
    name: "redrive-with-expiry",
    wrong: "a redriven letter keeps the time that has passed, so that it is dropped at once",
    killedBy: ["expiry.dead-letter"],
    sabotage: sabotageDriver((driver) => ({
      openDeadLetters: async (subscription) => {
        const letters = await driver.openDeadLetters(subscription);
        return forwardDeadLetters(letters, {
          redeliver: (message) => letters.redeliver({ ...message, attributes: withExpiry(message.attributes, "1") }),
        });
      },
    })),
  },
];
