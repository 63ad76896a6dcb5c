import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { afterAll, describe, expect, test } from "vitest";
import { createTestClients } from "./clients.ts";
import { RequestCounter, type RequestCounts } from "./request-counter.ts";

/** List prices in eu-west-1 and us-east-1 beyond the free tier, in USD per million requests of up to 64 KiB, read 2026-11-22: aws.amazon.com/sns/pricing, aws.amazon.com/sqs/pricing. */
const SNS_PRICE = 0.5;
const SQS_PRICE = 0.4;
const MESSAGES = 1000;

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

interface Run {
  readonly counts: RequestCounts;
  readonly attempts: number;
}

/** Publishes 1,000 messages as fast as possible, handles them, and counts requests from the first publish to the last deletion. */
async function run(endpoint: string, handle: (attempt: number) => Promise<void> | void): Promise<Run> {
  const clients = createTestClients(endpoint);
  const counter = new RequestCounter(clients);
  const topic = defineTopic<number>(`requests-${crypto.randomUUID().slice(0, 8)}`);
  const subscription = defineSubscription(topic, "worker", { retryPolicy: { minBackoffMs: 1000, jitter: 0 } });
  const pubsub = await connect(aws(clients));
  await pubsub.apply([subscription]);
  counter.take();
  await Promise.all(Array.from({ length: MESSAGES }, (_, index) => pubsub.publish(topic, index)));
  let attempts = 0;
  let done = 0;
  const worker = await pubsub.subscribe(subscription, async (_, { attempt }) => {
    attempts += 1;
    await handle(attempt);
    done += 1;
  });
  await expect.poll(() => done, { timeout: 30_000 }).toBe(MESSAGES);
  await worker.close();
  const counts = counter.take();
  await pubsub.destroy([subscription]);
  await pubsub.close();
  clients.sns.destroy();
  clients.sqs.destroy();
  return { counts, attempts };
}

/** In USD for a million messages of up to 6 KiB: the 64 KiB of one request can have ten. */
function priceOfMillion({ PublishBatch = 0, ...counts }: RequestCounts): number {
  const { ReceiveMessage = 0, DeleteMessageBatch = 0, ChangeMessageVisibilityBatch = 0 } = counts;
  const sqs = ReceiveMessage + DeleteMessageBatch + ChangeMessageVisibilityBatch;
  return (PublishBatch * SNS_PRICE + sqs * SQS_PRICE) / MESSAGES;
}

describe.skipIf(broker === undefined)("requests per 1,000 messages", () => {
  const { url } = broker as Broker;

  test("full batches of everything, and no change of visibility: the number and the price in the README", async () => {
    const { counts } = await run(url, () => {});
    expect(counts["PublishBatch"]).toBeLessThanOrEqual(102);
    expect(counts["ReceiveMessage"]).toBeLessThanOrEqual(125);
    expect(counts["DeleteMessageBatch"]).toBeLessThanOrEqual(125);
    expect(counts["ChangeMessageVisibilityBatch"] ?? 0).toBe(0);
    expect(priceOfMillion(counts)).toBeLessThan(0.16);
  });

  test("a failed attempt costs a tenth of a change of visibility and of a receive", async () => {
    const { counts, attempts } = await run(url, (attempt) => {
      if (attempt === 1) throw new Error("the first attempt fails");
    });
    expect(attempts).toBe(2 * MESSAGES);
    expect(counts["ChangeMessageVisibilityBatch"]).toBeLessThanOrEqual(150);
    // 200 would be full answers only. On a busy machine the retries come back less close together: 315 were seen.
    expect(counts["ReceiveMessage"]).toBeLessThanOrEqual(500);
  });
});
