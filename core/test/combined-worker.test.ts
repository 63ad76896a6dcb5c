import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { expect, test } from "vitest";

import { twoBrokers } from "./two-brokers.ts";

const Signups = defineTopic<{ readonly user: number }>("signups");
const Mail = defineSubscription(Signups, "mail");

test("a worker on two connections is closed by a handler without waiting for the handlers of its other connection", async () => {
  const brokers = twoBrokers();
  const topics = { signups: { subscriptions: { mail: { connections: ["a", "b"] } } } };
  await using pubsub = await connect({ config: { ...brokers, topics }, declarations: [Mail] });
  await using onlyB = await connect({ config: { ...brokers, topics: { signups: { connection: "b" } } } });
  const { promise: free, resolve: finish } = Promise.withResolvers<void>();
  const order: string[] = [];
  const worker = await pubsub.subscribe(Mail, async ({ user }) => {
    order.push(`begins ${user}`);
    if (user === 2) return await free;
    await expect.poll(() => order).toContain("begins 2");
    await worker.close();
    order.push("closed by 1");
    finish();
  });
  await pubsub.publish(Signups, { user: 1 });
  await onlyB.publish(Signups, { user: 2 });
  await worker.closed;
  expect(order.at(-1)).toBe("closed by 1");
});
