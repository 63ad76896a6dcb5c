import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, expect, test } from "vitest";
import { plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();
afterAll(async () => servers.close());

test.skipIf(server === undefined)("a redrive that the broker does not store keeps the letters", async () => {
  const topic = defineTopic<{ n: number }>("refused");
  const subscription = defineSubscription(topic, "mail");
  await using pubsub = await connect(redis({ servers: addressOf(server as never) }));
  await pubsub.apply([topic, subscription]);
  const worker = await pubsub.subscribe(subscription, () => {
    throw new Reject("never");
  });
  await Promise.all([pubsub.publish(topic, { n: 1 }), pubsub.publish(topic, { n: 2 })]);
  const letters = pubsub.deadLetters(subscription);
  await expect.poll(async () => letters.count()).toBe(2);
  await worker.close();
  // Redriven messages would be stored there.
  const client = await plainClient((server as { readonly url: string }).url);
  await client.send("DEL", "{refused}:mail:again");
  await client.close();

  await expect(letters.redrive()).rejects.toMatchObject({ code: "NOT_FOUND" });

  expect(await letters.count()).toBe(2);
  expect((await letters.peek()).length).toBe(2);
});
