import { defineSubscription, defineTopic } from "@anytopic/core";
import { natsCapabilities } from "@anytopic/nats/capabilities";
import { describe, expect, it } from "vitest";
import { testPubSub } from "@anytopic/testing";
import { publishRefused, REFUSING } from "./refused-message.ts";

const Bytes = defineTopic<Uint8Array>("bytes", { codec: "bytes" });

describe("like", () => {
  it.for(["aws", "gcp", "nats", "rabbitmq", "redis"] as const)("%s: its limits apply", async (like) => {
    await using kit = await testPubSub("like", { like });
    const { maxMessageBytes } = kit.pubsub.capabilities;
    expect(kit.pubsub.adapter).toBe(like);
    await kit.pubsub.publish(Bytes, new Uint8Array(1000));
    await expect(kit.pubsub.publish(Bytes, new Uint8Array(maxMessageBytes + 1))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it.for(REFUSING)("%s: counts and refuses as its publisher does", async (like) => {
    await using kit = await testPubSub("like", { like });
    await expect(publishRefused(like, kit.pubsub)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    // By capabilities alone it would pass.
    await using memory = await testPubSub("like", { like: kit.pubsub.capabilities });
    await publishRefused(like, memory.pubsub);
  });

  it("aws: counts what only a FIFO topic needs", async () => {
    await using kit = await testPubSub("like", { like: "aws" });
    const Plain = defineTopic<Uint8Array>("plain", { codec: "bytes" });
    const Once = defineTopic<Uint8Array>("once", { codec: "bytes", deliveryGuarantee: "exactly-once" });
    // Text, which travels as it is. Our attribute has 45 bytes, and on FIFO topics 11 more.
    const body = new Uint8Array(kit.pubsub.capabilities.maxMessageBytes - 50).fill(0x61);
    await kit.pubsub.publish(Plain, body, { id: "m1" });
    await expect(kit.pubsub.publish(Once, body, { id: "m1" })).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("delays in the steps of that broker, and its refusals are the same", async () => {
    await using kit = await testPubSub("like", { like: "aws" });
    const Worker = defineSubscription(Bytes, "worker", { retryPolicy: { minBackoffMs: 100, maxRetries: 1 } });
    await kit.pubsub.subscribe(Worker, () => {
      throw new Error("no");
    });
    await kit.pubsub.publish(Bytes, new Uint8Array(1));
    expect(await kit.deliver(Worker)).toMatchObject([{ outcome: "retried", delayMs: 1000 }]);
    const Once = defineTopic("once", { deliveryGuarantee: "exactly-once" });
    const without = { ...natsCapabilities, exactlyOnce: "none", ordering: "none" } as const;
    await using none = await testPubSub("like", { like: without });
    await expect(none.pubsub.publish(Once, 1)).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  });

  it("keeps the order of a key where core holds the retries, as on NATS", async () => {
    await using kit = await testPubSub("like", { like: "nats" });
    const Keyed = defineTopic<string>("keyed", { orderingKey: (text) => text.slice(0, 1) });
    const seen: string[] = [];
    await kit.pubsub.subscribe(defineSubscription(Keyed, "worker"), (text, { attempt }) => {
      if (text === "a1" && attempt < 3) throw new Error("again");
      seen.push(text);
    });
    for (const text of ["a1", "a2", "b1"]) await kit.pubsub.publish(Keyed, text);
    await kit.runToQuiescence();
    expect(seen).toEqual(["b1", "a1", "a2"]);
  });

  it("refuses a name that it does not know", async () => {
    await expect(testPubSub({ like: "kafka" as never })).rejects.toThrow('like is "kafka": must be one of aws, gcp');
  });
});
