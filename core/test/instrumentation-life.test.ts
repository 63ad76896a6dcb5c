import {
  connect,
  defineSubscription,
  defineTopic,
  type ConnectedPubSub,
  type Logger,
  silentLogger,
} from "@anytopic/core";
import { expect, test } from "vitest";

const topic = defineTopic<number>("numbers");
const subscription = defineSubscription(topic, "workers");

test("an instrumentation is told of connect, can look at what is open, and is told of the end", async () => {
  const told: string[] = [];
  let seen: ConnectedPubSub | undefined;
  const pubsub = await connect("memory:", {
    instrumentation: [
      {
        connected(opened) {
          seen = opened;
          told.push("connected");
          return () => told.push("closed");
        },
      },
    ],
  });
  expect(told).toEqual(["connected"]);
  expect(seen?.subscriptions).toEqual([]);
  await pubsub.subscribe(subscription, () => {});
  await pubsub.subscribe(subscription, () => {});
  expect(seen?.subscriptions.map(({ name }) => name)).toEqual(["workers"]);
  expect(await seen?.stats(seen.subscriptions[0]!)).toMatchObject({ waiting: 0 });
  expect(seen?.health().connections).toHaveLength(1);
  await pubsub.close();
  await pubsub.close();
  expect(told).toEqual(["connected", "closed"]);
});

test("is not told of a connect that fails", async () => {
  const told: string[] = [];
  const instrumentation = [{ connected: () => void told.push("connected") }];
  const options = { instrumentation, provisioning: "verify", declarations: [topic] } as const;
  await expect(connect("memory:", options)).rejects.toThrow("numbers");
  expect(told).toEqual([]);
});

test("observes beside the observer of connect, and an error of one does not reach the other", async () => {
  const seen: string[] = [];
  const errors: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void errors.push(fields) };
  await using pubsub = await connect("memory:", {
    logger,
    observer: ({ type }) => void seen.push(`observer ${type}`),
    instrumentation: [
      {
        observe() {
          throw new Error("broken");
        },
      },
      { observe: ({ type }) => void seen.push(`instrumentation ${type}`) },
    ],
  });
  seen.length = 0;
  errors.length = 0;
  await pubsub.publish(topic, 1);
  expect(seen).toEqual([
    "observer publish",
    "instrumentation publish",
    "observer published",
    "instrumentation published",
  ]);
  expect(errors).toEqual([
    { type: "publish", error: "broken" },
    { type: "published", error: "broken" },
  ]);
});
