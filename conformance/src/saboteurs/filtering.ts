import { type DriverDelivery, type FilterRule, percentEncode } from "@anytopic/core/driver";
import { forwardDelivery, forwardSink, openWrappedSubscriber } from "../intercept.ts";
import { sabotageDelivery, sabotageDriver, type Saboteur } from "./saboteur.ts";

const PAUSE_MS = 25;

/** Keys and values as a header would carry them that knows only some characters. */
const encoded = (attributes: DriverDelivery["attributes"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key.toLowerCase(), percentEncode(value.toLowerCase(), /\W/gu)]),
  );

const passes = (rules: readonly FilterRule[], { attributes }: DriverDelivery): boolean =>
  rules.every(({ key, absent, values }) => {
    const value = attributes[key];
    if (value === undefined) return absent;
    return values === undefined || values.some((one) => value.startsWith(typeof one === "string" ? one : one.prefix));
  });

/** Adapters that apply filters wrongly, or disturb those who do. */
export const filtering: readonly Saboteur[] = [
  {
    name: "attributes-lower-case",
    wrong: "attributes arrive in lower case and percent-encoded",
    killedBy: ["filters.matching"],
    says: "to complete",
    sabotage: sabotageDelivery((delivery) => forwardDelivery(delivery, { attributes: encoded(delivery.attributes) })),
  },
  {
    name: "skipped-in-passing",
    wrong: "an acknowledgement in the call that delivers is not sent",
    killedBy: ["filters.acknowledged"],
    says: "what a later worker without a filter handles",
    sabotage: sabotageDriver((driver) => ({
      openSubscriber(subscription, sink, options) {
        let isDelivering = false;
        return openWrappedSubscriber(driver, subscription, sink, options, {
          wrap: (delivery) =>
            forwardDelivery(delivery, {
              ack: () => (isDelivering ? Promise.resolve() : delivery.owner.ack(delivery)),
            }),
          deliver(delivery, inner) {
            isDelivering = true;
            inner.deliver(delivery);
            isDelivering = false;
          },
        });
      },
    })),
  },
  {
    name: "slow-intake",
    wrong: "one message is delivered every 25 ms",
    killedBy: ["filters.bulk"],
    says: "to complete",
    sabotage: sabotageDriver((driver) => ({
      openSubscriber(subscription, sink, options) {
        let last = Promise.resolve();
        const deliver = (delivery: DriverDelivery): void => {
          const pause = async (): Promise<void> => {
            await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
            sink.deliver(delivery);
          };
          last = last.then(pause);
        };
        return driver.openSubscriber(subscription, forwardSink(sink, { deliver }), options);
      },
    })),
  },
  {
    name: "first-filter-stays",
    wrong: "the broker goes on to apply the filter with which a subscription was first declared",
    killedBy: ["filters.changed"],
    says: "to complete",
    sabotage: sabotageDriver((driver) => {
      const first = new Map<string, readonly FilterRule[]>();
      return {
        apply(topology, options) {
          for (const { topic, name, filter } of topology.subscriptions) {
            const key = `${topic.name}/${name}`;
            if (filter !== undefined && !first.has(key)) first.set(key, filter);
          }
          return driver.apply(topology, options);
        },
        openSubscriber(subscription, sink, options) {
          const rules = first.get(`${subscription.topic.name}/${subscription.name}`) ?? [];
          const deliver = (delivery: DriverDelivery): void => {
            if (passes(rules, delivery)) sink.deliver(delivery);
            else void delivery.owner.ack(delivery);
          };
          return driver.openSubscriber(subscription, forwardSink(sink, { deliver }), options);
        },
      };
    }),
  },
];
