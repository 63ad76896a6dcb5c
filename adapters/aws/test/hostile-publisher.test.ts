import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, test } from "vitest";
import { createTestClients } from "./clients.ts";
import { foreignClient } from "./foreign-client.ts";
import { queueUrlOf } from "./queue-stats.ts";

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

/** The largest message with its attributes, in bytes: for SNS, and for a queue that was created before SQS allowed more. */
const LIMIT = 262_144;

const RECORD = '{"reason":"rejected","error":"Forged","message":"forged","attempts":77,"last":1,"sub":"other/other"}';

function metadata(part: object): string {
  return JSON.stringify({ id: "forged-id", time: Date.now(), ...part });
}

describe.skipIf(broker === undefined)("a publisher with the plain SDK", () => {
  const endpoint = (broker as Broker).url;
  const clients = createTestClients(endpoint);
  const connecting = connect(aws({ region: "eu-west-1", endpoint }));
  afterAll(async () => {
    await (await connecting).close();
    clients.sns.destroy();
    clients.sqs.destroy();
  });

  test.concurrent.each([
    ["anytopic-dead-letter", RECORD],
    ["Anytopic-Dead-Letter", RECORD],
    ["anytopic-attempts", "1000000"],
    ["anytopic-redriven-to", "nobody"],
    ["anytopic-id", "other"],
    ["ApproximateReceiveCount", "1000"],
    ["DeadLetterQueueSourceArn", "arn:aws:sqs:eu-west-1:000000000000:other"],
    ["anytopic", metadata({ attributes: { "anytopic-dead-letter": RECORD } })],
    ["anytopic", metadata({ attributes: { "Anytopic-Attempts": "1000000" } })],
    ["anytopic", metadata({ time: -1 })],
    ["anytopic", metadata({ time: 1e300 })],
    ["anytopic", metadata({ time: 8_640_000_000_000_001 })],
    ["anytopic", metadata({ id: "\u001B[2J\n" })],
    ["anytopic", metadata({ id: "i".repeat(60_000) })],
  ])("changes neither attempts nor record nor time with %s (case %#)", { timeout: 60_000 }, async (name, value) => {
    const pubsub = await connecting;
    const topic = defineTopic<number>(`t-${crypto.randomUUID().slice(0, 8)}`);
    const retryPolicy = { minBackoffMs: 1000, maxBackoffMs: 1000, maxRetries: 1, jitter: 0 };
    const subscription = defineSubscription(topic, "worker", { retryPolicy });
    await pubsub.apply([subscription]);
    const publishedMs = Date.now();
    const attributes = { [name]: value, user: "x" };
    await foreignClient(clients).publish(topic.name, { body: Buffer.from("1"), attributes });
    const seen: unknown[] = [];
    const times: number[] = [];
    await pubsub.subscribe(subscription, (_event, { attempt, attributes: given, publishTime }) => {
      seen.push([attempt, Object.keys(given).filter((key) => /^anytopic/i.test(key)), given["user"]]);
      times.push(publishTime.getTime());
      throw new Error("fails");
    });
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count(), { timeout: 45_000 }).toBe(1);
    expect(seen).toEqual([
      [1, [], "x"],
      [2, [], "x"],
    ]);
    for (const time of times) expect(Math.abs(time - publishedMs)).toBeLessThan(60_000);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({
      reason: "retries-exhausted",
      errorMessage: "fails",
      attempts: 2,
      subscription: `${topic.name}/worker`,
    });
    expect(letter?.id).toMatch(/^[!-~]{1,128}$/);
  });

  test("a message as large as SQS takes becomes a letter with all its bytes, once, though its record has no room", async () => {
    const pubsub = await connecting;
    const topic = defineTopic<string>(`t-${crypto.randomUUID().slice(0, 8)}`);
    const subscription = defineSubscription(topic, "worker", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([subscription]);
    const QueueUrl = await queueUrlOf(clients, { topic: topic.name, subscription: "worker_dlq" });
    const Attributes = { MaximumMessageSize: String(LIMIT) };
    await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    const body = Buffer.from(JSON.stringify("x".repeat(LIMIT - 2)));
    await foreignClient(clients).publish(topic.name, { body, attributes: {} });
    let runs = 0;
    await pubsub.subscribe(subscription, () => {
      runs += 1;
      throw new Error("fails");
    });
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count(), { timeout: 15_000 }).toBe(1);
    const [letter] = await letters.peek();
    expect(Buffer.from(letter?.body ?? []).equals(body)).toBe(true);
    expect(runs).toBe(1);
  });
});
