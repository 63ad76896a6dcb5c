import { defineSubscription, defineTopic, PubSubError } from "@anytopic/core";
import type { SubscriptionSpec } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import type { Connection, ConnectionListener } from "../src/connection.ts";
import type { SubscriptionNames } from "../src/names.ts";
import { requireConsumer } from "../src/receive/require-consumer.ts";

const { ackDeadlineMs } = defineSubscription(defineTopic("events"), "worker");
const topic = { name: "events", ordered: false, exactlyOnce: false };
const spec = { name: "worker", topic, ackDeadlineMs, maxRetries: 3 } as unknown as SubscriptionSpec;
const names = { stream: "events", consumer: "worker" } as unknown as SubscriptionNames;

/** A connection whose questions stay open until the test answers them. */
function scriptedConnection() {
  const listeners = new Set<ConnectionListener>();
  const questions: ((info: object) => void)[] = [];
  const connection = {
    connected: true,
    options: { prefix: "" },
    waitUntilConnected: async () => {},
    unavailable: () => new PubSubError("CLOSED", "closed"),
    listen: (listener: ConnectionListener) => void listeners.add(listener),
    unlisten: (listener: ConnectionListener) => void listeners.delete(listener),
    jsm: { consumers: { info: () => new Promise<object>((resolve) => questions.push(resolve)) } },
  } as unknown as Connection;
  return { connection, listeners, questions };
}

const found = { config: { ack_policy: "explicit", ack_wait: ackDeadlineMs * 1e6 } };

test("asks again when the connection was lost before the answer, and keeps no listener", async () => {
  const { connection, listeners, questions } = scriptedConnection();
  const required = requireConsumer(connection, names, spec);
  await expect.poll(() => questions.length).toBe(1);
  Object.assign(connection, { connected: false });
  for (const listener of listeners) listener.disconnected?.(new PubSubError("UNAVAILABLE", "lost"));
  await expect.poll(() => questions.length).toBe(2);
  questions[1]?.(found);
  await required;
  expect(listeners.size).toBe(0);
});

test("ends at once when the connection is closed", async () => {
  const { connection, listeners, questions } = scriptedConnection();
  const required = requireConsumer(connection, names, spec);
  await expect.poll(() => questions.length).toBe(1);
  for (const listener of listeners) listener.closed?.();
  await expect(required).rejects.toMatchObject({ code: "CLOSED" });
});
