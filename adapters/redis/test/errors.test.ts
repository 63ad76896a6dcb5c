import { connect, defineSubscription, defineTopic, type PubSubErrorCode } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import * as client from "@redis/client";
import { afterAll, describe, expect, test } from "vitest";
import { replyWord, toPubSubError } from "../src/errors.ts";
import { plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

describe("toPubSubError", () => {
  test.each<[string, PubSubErrorCode]>([
    ["NOGROUP No such key 'a' or consumer group 'b' in XREADGROUP with GROUP option", "NOT_FOUND"],
    ["UNBLOCKED the stream key no longer exists", "NOT_FOUND"],
    ["OOM command not allowed when used memory > 'maxmemory'.", "RESOURCE_EXHAUSTED"],
    ["NOPERM this user has no permissions to run the 'xadd' command", "PERMISSION_DENIED"],
    ["NOAUTH Authentication required.", "UNAUTHENTICATED"],
    ["WRONGPASS invalid username-password pair or user is disabled.", "UNAUTHENTICATED"],
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "TOPOLOGY_MISMATCH"],
    ["LOADING Redis is loading the dataset in memory", "UNAVAILABLE"],
    ["READONLY You can't write against a read only replica.", "UNAVAILABLE"],
    ["MOVED 3999 127.0.0.1:6381", "UNAVAILABLE"],
    ["CLUSTERDOWN Hash slot not served", "UNAVAILABLE"],
    ["MASTERDOWN Link with MASTER is down", "UNAVAILABLE"],
    ["NOREPLICAS Not enough good replicas to write.", "UNAVAILABLE"],
    ["BUSY Redis is busy running a script.", "UNAVAILABLE"],
    ["MISCONF Errors writing to the AOF file", "RESOURCE_EXHAUSTED"],
    ["ERR unknown command", "REJECTED"],
  ])("the reply %s", (reply, code) => {
    const cause = new client.SimpleError(reply);
    expect(toPubSubError(cause, "read")).toMatchObject({ code, cause });
    expect(replyWord(cause)).toBe(reply.split(" ")[0]);
  });

  test.each<[string, unknown, PubSubErrorCode]>([
    ["offline", new client.ClientOfflineError(), "UNAVAILABLE"],
    ["a lost connection", new client.SocketClosedUnexpectedlyError(), "UNAVAILABLE"],
    ["silence", new client.SocketTimeoutError(1), "UNAVAILABLE"],
    ["a client that was closed", new client.ClientClosedError(), "UNAVAILABLE"],
    ["nobody listening", Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "UNAVAILABLE"],
    ["anything else", new Error("what"), "UNKNOWN"],
    ["no error at all", "text", "UNKNOWN"],
  ])("%s", (_, cause, code) => {
    expect(toPubSubError(cause, "read")).toMatchObject({ code, cause });
    expect(toPubSubError(cause, "read").message).toMatch(/^read: /);
  });
});

const servers = new RedisServers();
afterAll(async () => servers.close());

test("a server without memory refuses what is new, and everything that is there can still be settled", async () => {
  const server = await servers.startOrSkip();
  if (server === undefined) return;
  await using pubsub = await connect(redis({ servers: addressOf(server) }), { provisioning: "off" });
  const admin = await plainClient(server.url);
  const topic = defineTopic<{ n: number }>("full");
  const once = defineTopic<{ n: number }>("full-once", { deliveryGuarantee: "exactly-once" });
  const options = { retryPolicy: { maxRetries: 1, minBackoffMs: 50, maxBackoffMs: 50 } };
  const subscription = defineSubscription(topic, "mail", options);
  await pubsub.apply([topic, subscription, once]);
  for (let n = 0; n < 20; n += 1) await pubsub.publish(topic, { n });
  await pubsub.publish(once, { n: 0 });
  await admin.send("XADD", "{full}:mail:dead", "*", "data", "{}");
  await admin.send("CONFIG", "SET", "maxmemory", "1");

  for (const each of [topic, once])
    await expect(pubsub.publish(each, { n: 99 })).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  const attempts: number[] = [];
  const worker = await pubsub.subscribe(subscription, ({ n }, { attempt }) => {
    attempts.push(attempt);
    if (n % 2 === 0 && attempt === 1) throw new Error("once more");
  });
  await expect.poll(() => attempts.length).toBe(30);
  expect(attempts.filter((attempt) => attempt === 2)).toHaveLength(10);
  await worker.close();
  const letters = pubsub.deadLetters(subscription);
  await expect(letters.redrive()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  expect(await letters.count()).toBe(1);
  expect(await letters.purge()).toBe(1);
  await admin.send("CONFIG", "SET", "maxmemory", "0");
  await pubsub.publish(topic, { n: 100 });
  await pubsub.publish(once, { n: 100 });
  await admin.close();
});

test("a key of another type is a mismatch of the topology", async () => {
  const server = await servers.startOrSkip();
  if (server === undefined) return;
  await using pubsub = await connect(redis({ servers: addressOf(server) }), { provisioning: "off" });
  const admin = await plainClient(server.url);
  await admin.send("SET", "taken", "x");
  const topic = defineTopic<object>("taken");
  await expect(pubsub.publish(topic, {})).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH" });
  await admin.close();
});
