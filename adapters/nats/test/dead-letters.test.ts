import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BACKSTOP_DELIVERIES } from "../src/limits.ts";

const broker: Broker | undefined = await startBrokerOrSkip("nats");

describe.skipIf(broker === undefined)("dead letters", () => {
  let pubsub: PubSub;

  beforeAll(async () => {
    pubsub = await connect(nats({ servers: (broker as Broker).url }));
  });

  afterAll(async () => {
    await pubsub.close();
    await broker?.close();
  });

  test("a message that the server gave up on is a letter, though nobody was listening, and can be redriven", async () => {
    const topic = defineTopic<{ n: number }>("backstop");
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    const other = defineSubscription(topic, "other");
    await pubsub.apply([topic, subscription, other]);
    const id = await pubsub.publish(topic, { n: 1 }, { attributes: { source: "test" } });
    // Stands for workers that die with the message in their hands, before core ever sees it.
    const consumer = await jetstream(pubsub.native as NatsConnection).consumers.get("backstop", "mail");
    for (let delivery = 0; delivery < 1 + BACKSTOP_DELIVERIES; delivery++)
      (await consumer.next({ expires: 1000 }))?.nak();
    expect(await consumer.next({ expires: 1000 })).toBeNull();

    const letters = pubsub.deadLetters(subscription);
    await expect.poll(async () => letters.count()).toBe(1);
    expect(await letters.peek()).toMatchObject([
      { id, reason: "backstop", attributes: { source: "test" }, subscription: "backstop/mail" },
    ]);
    expect(JSON.parse(Buffer.from((await letters.peek())[0]!.body).toString())).toEqual({ n: 1 });

    expect(await letters.redrive()).toBe(1);
    expect(await letters.count()).toBe(0);
    const seen: string[] = [];
    await using worker = await pubsub.subscribe(subscription, async (event, ctx) => {
      seen.push(`${event.n} ${ctx.id} ${ctx.attempt}`);
    });
    await expect.poll(() => seen).toEqual([`1 ${id} 1`]);
    expect(worker.health().state).toBe("receiving");
  });

  test("a letter whose message has expired in the topic's stream does not stop the others", async () => {
    const topic = defineTopic<{ n: number }>("expired");
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([topic, subscription]);
    const nc = pubsub.native as NatsConnection;
    const letters = pubsub.deadLetters(subscription);
    // The advisory as the server words it; its message was never there.
    const advisory = {
      type: "io.nats.jetstream.advisory.v1.max_deliver",
      stream: "expired",
      consumer: "mail",
      stream_seq: 99,
      deliveries: 5,
    };
    nc.publish("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.expired.mail", JSON.stringify(advisory));
    await pubsub.publish(topic, { n: 1 });
    await using worker = await pubsub.subscribe(subscription, async () => {
      throw new Error("no");
    });
    await expect.poll(async () => letters.count()).toBe(2);
    expect((await letters.peek()).map(({ reason }) => reason)).toEqual(["retries-exhausted"]);
    await worker.close();
    expect(await letters.redrive()).toBe(1);
    expect(await letters.count()).toBe(0);
  });
});
