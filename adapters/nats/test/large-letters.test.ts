import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { bytesCodec, connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { afterAll, expect, onTestFinished, test } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("nats");
afterAll(() => broker?.close());

/** Together more than a server keeps for one connection (`max_pending`, 64 MiB), and than a socket buffers besides. */
const LETTERS = 90;

test.skipIf(broker === undefined)(
  "a busy process reads more letters than the server keeps for a connection, and stays connected",
  { timeout: 120_000 },
  async () => {
    const disconnects: string[] = [];
    await using pubsub = await connect(nats({ servers: (broker as Broker).url }), {
      observer: (event) => {
        if (event.type === "connection" && event.state !== "up") disconnects.push(event.state);
      },
    });
    const topic = defineTopic("large-letters", { codec: bytesCodec });
    const subscription = defineSubscription(topic, "mail");
    const worker = await pubsub.subscribe(subscription, () => {
      throw new Reject("no");
    });
    const body = new Uint8Array(1_000_000);
    for (let number = 0; number < LETTERS; number += 1) await pubsub.publish(topic, body);
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count(), { timeout: 60_000 }).toBe(LETTERS);
    await worker.close();

    const busy = setInterval(() => {
      for (const endMs = performance.now() + 100; performance.now() < endMs;);
    }, 1);
    onTestFinished(() => clearInterval(busy));
    expect(await letters.peek({ limit: 1000 })).toHaveLength(LETTERS);
    const redriven = await letters.redrive({ limit: LETTERS, onProgress: () => clearInterval(busy) });

    expect(redriven).toBe(LETTERS);
    expect(disconnects).toEqual([]);
  },
);
