import { expect, it } from "vitest";
import type { Driver, PubSubErrorCode } from "@anytopic/core/driver";
import { memory } from "@anytopic/memory";
import { ack, message, openDriver, ProbeSink, publish, subscriptionSpec, topicSpec } from "./probe.ts";

const topic = topicSpec();
const subscription = subscriptionSpec(topic);
const large = { body: new Uint8Array(8 * 1024 * 1024) };

/** Each in a new broker with room for one message of each kind, and a subscription that has one letter. */
const TABLE: readonly [PubSubErrorCode, boolean, string, (driver: Driver) => Promise<unknown>][] = [
  ["NOT_FOUND", false, "topic none does not exist", (driver) => driver.openPublisher(topicSpec({ name: "none" }))],
  [
    "NOT_FOUND",
    false,
    "subscription orders/none does not exist",
    (driver) => driver.openDeadLetters(subscriptionSpec(topic, { name: "none" })),
  ],
  [
    "RESOURCE_EXHAUSTED",
    true,
    "topic orders has reached maxMessages = 1",
    async (driver) => Promise.reject((await publish(driver, topic, [message("a"), message("b")]))[1]),
  ],
  [
    "RESOURCE_EXHAUSTED",
    true,
    "dead letters of orders/worker has reached maxMessages = 1",
    async (driver) => (await driver.openDeadLetters(subscription)).store(message("b", large)),
  ],
  [
    "LEASE_LOST",
    false,
    "message a of orders/worker no longer belongs to this worker",
    async (driver) => {
      const sink = new ProbeSink();
      await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
      await publish(driver, topic, [message("a")]);
      await ack(sink.deliveries[0]);
      await ack(sink.deliveries[0]);
    },
  ],
  [
    "CLOSED",
    false,
    "the connection to the in-memory broker is closed",
    async (driver) => {
      await driver.close(1000);
      await driver.openPublisher(topic);
    },
  ],
];

it.each(TABLE)("%s, retryable %s: %s", async (code, retryable, text, provoke) => {
  const { driver } = await openDriver({ maxMessages: 1 });
  await driver.apply({ topics: [], subscriptions: [subscription] }, { update: false });
  await (await driver.openDeadLetters(subscription)).store(message("letter"));
  const failure = expect.objectContaining({ code, retryable, message: expect.stringContaining(text) });
  await expect(provoke(driver)).rejects.toEqual(failure);
});

it("a factory's wrong option is a TypeError", () => {
  expect(() => memory({ maxMessages: -1 })).toThrow(TypeError);
});
