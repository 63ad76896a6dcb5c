import type { Driver, PublishRequest, SubscriptionSpec } from "@anytopic/core/driver";
import { forwardDelivery, forwardPublisher, forwardSink, openWrappedSubscriber } from "../intercept.ts";
import { sabotageDriver, type Saboteur } from "./saboteur.ts";

type Seek = NonNullable<Driver["seek"]>;

/** Replaces `seek` of the driver. */
function sabotageSeek(change: (driver: Driver, seek: Seek) => Seek): Saboteur["sabotage"] {
  return sabotageDriver((driver) => {
    const seek: Seek = async (subscription, to) => driver.seek?.(subscription, to);
    return { seek: change(driver, seek) };
  });
}

const pathOf = ({ topic, physicalName }: SubscriptionSpec): string => `${topic.physicalName}/${physicalName}`;

/** What all connections of a process share, as with a broker. Names of topics are unique. */
const seeks = new Map<string, number>();
const published = new Map<string, PublishRequest[]>();

export const replaying: readonly Saboteur[] = [
  {
    name: "seek-nothing",
    wrong: "a seek resolves and changes nothing",
    killedBy: ["replay.time", "replay.to-the-end"],
    says: "messages to come again",
    sabotage: sabotageSeek(() => async () => {}),
  },
  {
    name: "seek-to-the-beginning",
    wrong: "a seek to a time goes back to the beginning",
    killedBy: ["replay.time"],
    says: "the messages that came after the seek",
    sabotage: sabotageSeek((_, seek) => (subscription, to) => seek(subscription, to === "end" ? to : "beginning")),
  },
  {
    name: "seek-all",
    wrong: "a seek moves every subscription of the topic",
    killedBy: ["replay.time"],
    says: "what the other subscription got",
    sabotage: sabotageDriver((driver) => {
      const known = new Map<string, SubscriptionSpec>();
      return {
        openSubscriber: (subscription, sink, options) => {
          known.set(pathOf(subscription), subscription);
          return driver.openSubscriber(subscription, sink, options);
        },
        seek: async ({ topic }, to) => {
          for (const other of known.values())
            if (other.topic.physicalName === topic.physicalName) await driver.seek?.(other, to);
        },
      };
    }),
  },
  {
    name: "count-on-after-seek",
    wrong: "what comes again after a seek has a later attempt",
    killedBy: ["replay.time"],
    says: "after the seek",
    sabotage: sabotageDriver((driver) => {
      let sought = 0;
      return {
        openSubscriber: (subscription, sink, options) =>
          openWrappedSubscriber(driver, subscription, sink, options, {
            wrap: (delivery) => forwardDelivery(delivery, { attempt: delivery.attempt + sought }),
          }),
        async seek(subscription, to) {
          sought += 1;
          await driver.seek?.(subscription, to);
        },
      };
    }),
  },
  {
    name: "seek-late-to-the-end",
    wrong: "a seek to the end drops what is published a moment later, too",
    killedBy: ["replay.to-the-end"],
    says: "messages to come again",
    sabotage: sabotageSeek((_, seek) => async (subscription, to) => {
      const again = (): void => void seek(subscription, to).catch(() => {});
      await seek(subscription, to);
      if (to === "end") setTimeout(again, 200);
    }),
  },
  {
    name: "workers-stay",
    wrong: "workers that run during a seek do not follow it",
    killedBy: ["replay.running-workers"],
    says: "messages to come again",
    sabotage: sabotageDriver((driver) => ({
      openSubscriber: (subscription, sink, options) => {
        const path = pathOf(subscription);
        const opened = seeks.get(path);
        return openWrappedSubscriber(driver, subscription, sink, options, {
          deliver: (delivery, to) => (seeks.get(path) === opened ? to.deliver(delivery) : undefined),
        });
      },
      async seek(subscription, to) {
        seeks.set(pathOf(subscription), (seeks.get(pathOf(subscription)) ?? 0) + 1);
        await driver.seek?.(subscription, to);
      },
    })),
  },
  {
    name: "unfenced-seek",
    wrong: "a delivery from before a seek still settles its message after it",
    killedBy: ["replay.in-flight"],
    says: "to start 3 handlers",
    sabotage: sabotageDriver((driver) => {
      /** The latest delivery of each message, by which an earlier one is settled. */
      const latest = new Map<string, () => Promise<void> | undefined>();
      return {
        openSubscriber: (subscription, sink, options) =>
          openWrappedSubscriber(
            driver,
            subscription,
            forwardSink(sink, { revoke: () => true, revokeAll: () => {} }),
            options,
            {
              wrap(delivery) {
                latest.set(delivery.id, () => delivery.owner.ack(delivery));
                return forwardDelivery(delivery, { ack: () => latest.get(delivery.id)?.() });
              },
            },
          ),
      };
    }),
  },
  {
    name: "keep-retries",
    wrong: "retries that wait survive a seek",
    killedBy: ["replay.retries"],
    says: "the runs when the former retries would be due",
    sabotage: sabotageDriver((driver) => {
      const waiting = new Map<string, { readonly atMs: number; readonly again: () => Promise<void> }>();
      return {
        openSubscriber: (subscription, sink, options) =>
          openWrappedSubscriber(driver, subscription, sink, options, {
            wrap: (delivery) =>
              forwardDelivery(delivery, {
                retry(delayMs) {
                  const again = async (): Promise<void> =>
                    (await driver.openDeadLetters(subscription)).redeliver(delivery);
                  waiting.set(delivery.id, { atMs: performance.now() + delayMs, again });
                  return delivery.owner.retry(delivery, delayMs);
                },
              }),
          }),
        async seek(subscription, to) {
          await driver.seek?.(subscription, to);
          for (const { atMs, again } of waiting.values())
            setTimeout(() => void again().catch(() => {}), Math.max(0, atMs - performance.now()));
        },
      };
    }),
  },
  {
    name: "replay-backwards",
    wrong: "a seek brings back the newest message first",
    killedBy: ["replay.in-order"],
    says: "after the seek",
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        const all = published.get(topic.physicalName) ?? [];
        published.set(topic.physicalName, all);
        return forwardPublisher(publisher, {
          publish(batch) {
            all.push(...batch);
            publisher.publish(batch);
          },
        });
      },
      async seek(subscription, to) {
        await driver.seek?.(subscription, "end");
        if (to === "end") return;
        const letters = await driver.openDeadLetters(subscription);
        for (const message of (published.get(subscription.topic.physicalName) ?? []).toReversed())
          await letters.redeliver(message);
      },
    })),
  },
  {
    name: "seek-creates",
    wrong: "a seek creates a subscription that does not exist",
    killedBy: ["replay.refused"],
    says: "does not exist",
    sabotage: sabotageSeek((driver, seek) => async (subscription, to) => {
      await driver.apply({ topics: [subscription.topic], subscriptions: [subscription] }, { update: false });
      await seek(subscription, to);
    }),
  },
];
