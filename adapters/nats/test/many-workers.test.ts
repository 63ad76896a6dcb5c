import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, silentLogger } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { afterAll, expect, test } from "vitest";

/** A consumer accepts 512 requests, and a busy worker has about four. */
const WORKERS = 200;
const MESSAGES = 20_000;
const BATCH = 500;

const broker = await startBrokerOrSkip("nats");
afterAll(() => broker?.close());

test.skipIf(broker === undefined)(
  "with more workers than a consumer accepts requests, no message waits for the end of a lease",
  { timeout: 120_000 },
  async () => {
    await using pubsub = await connect(nats({ servers: broker?.url }), { logger: silentLogger });
    const topic = defineTopic<{ readonly text: string }>("crowded");
    const subscription = defineSubscription(topic, "worker");
    const attempts: number[] = [];
    await Promise.all(
      Array.from({ length: WORKERS }, () =>
        pubsub.subscribe(subscription, (_event, { attempt }) => void attempts.push(attempt), { maxConcurrency: 10 }),
      ),
    );
    const entries = Array.from({ length: BATCH }, () => ({ event: { text: "x".repeat(1000) } }));
    for (let sent = 0; sent < MESSAGES; sent += BATCH) await pubsub.publishBatch(topic, entries);
    await expect.poll(() => attempts.length, { timeout: 100_000 }).toBe(MESSAGES);
    expect(attempts.filter((attempt) => attempt !== 1)).toEqual([]);
  },
);
