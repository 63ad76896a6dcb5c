import { startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { rawPublisher } from "./raw-publisher.ts";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => await broker?.close());

const LETTER_BYTES = 15 * 1024 * 1024;

test.skipIf(broker === undefined)(
  "a look at a letter ends when the connection does, in the midst of that letter",
  async () => {
    const proxy = await createTcpProxy({ targetHost: broker!.host, targetPort: broker!.port });
    onTestFinished(() => proxy.close());
    const url = new URL(broker!.url);
    url.host = `${proxy.host}:${proxy.port}`;
    await using pubsub = await connect(rabbitmq({ url: url.href }));
    const subscription = defineSubscription(defineTopic<number>("cut-letter"), "worker");
    await pubsub.apply([subscription]);
    const raw = await rawPublisher(broker!.url);
    const queue = { exchange: "", routingKey: "cut-letter.worker.dead-letters" };
    expect(await raw.publish(queue, Buffer.alloc(LETTER_BYTES), {})).toBe(true);
    await raw.close();

    const letters = pubsub.deadLetters(subscription);
    expect(await letters.count()).toBe(1);
    const before = proxy.bytesToClient;
    proxy.delay(200);
    const peeking = letters.peek();
    const ending = peeking.then(
      () => "looked at",
      (error: unknown) => (error as { code?: string }).code,
    );
    await expect.poll(() => proxy.bytesToClient - before).toBeGreaterThan(LETTER_BYTES / 8);
    proxy.resetPeers();
    await proxy.heal();
    expect(await ending).toBe("UNAVAILABLE");
    await expect.poll(() => letters.count().catch(() => undefined)).toBe(1);
  },
);
