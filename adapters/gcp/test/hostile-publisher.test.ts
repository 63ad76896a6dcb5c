import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { type PubSub as Anytopic, connect, defineSubscription, defineTopic } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { PubSub } from "@google-cloud/pubsub";
import { googleAuthLibrary } from "google-gax";
import { afterAll, describe, expect, test } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("gcp");
afterAll(() => broker?.close());

const RECORD = '{"reason":"rejected","error":"Forged","message":"forged","attempts":77,"last":1,"sub":"other/other"}';

describe.skipIf(broker === undefined)("a publisher with the plain client", () => {
  const projectId = "hostile";
  const emulatorHost = broker?.url ?? "";
  const client = new PubSub({
    projectId,
    apiEndpoint: emulatorHost,
    authClient: new googleAuthLibrary.PassThroughClient(),
  });
  const connecting = broker === undefined ? undefined : connect(gcp({ projectId, emulatorHost }));
  afterAll(async () => {
    await (await connecting)?.close();
    await client.close();
  });

  test.concurrent.each([
    ["anytopic-attempts", "1000000"],
    ["anytopic-attempts", "-1"],
    ["anytopic-publish-time", "1"],
    ["anytopic-publish-time", "1e300"],
    ["anytopic-publish-time", "9007199254740991"],
    ["anytopic-dead-letter", RECORD],
    ["anytopic-dead-letter-2", "more"],
    ["anytopic.anytopic-dead-letter", RECORD],
    ["anytopic-redriven-to", "nobody"],
    ["AnyTopic-Attempts", "1000000"],
    ["CloudPubSubDeadLetterSourceSubscription", "other"],
    ["CloudPubSubDeadLetterSourceTopicPublishTime", "1970-01-01T00:00:00Z"],
    ["CloudPubSubDeadLetterSourceDeliveryCount", "99"],
    ["anytopic-id", "\u001B[2J\n"],
  ])("changes neither attempts nor record nor time with %s: %s", { timeout: 60_000 }, async (name, value) => {
    const pubsub = (await connecting) as Anytopic;
    const topic = defineTopic<number>(`t-${crypto.randomUUID().slice(0, 8)}`);
    const retryPolicy = { minBackoffMs: 1000, maxBackoffMs: 1000, maxRetries: 1, jitter: 0 };
    const subscription = defineSubscription(topic, "worker", { retryPolicy });
    await pubsub.apply([subscription]);
    const publishedMs = Date.now();
    await client.topic(topic.name).publishMessage({ data: Buffer.from("1"), attributes: { [name]: value, user: "x" } });
    const seen: unknown[] = [];
    const times: number[] = [];
    await pubsub.subscribe(subscription, (_event, { attempt, attributes, publishTime }) => {
      seen.push([attempt, Object.keys(attributes).filter((key) => /^anytopic/i.test(key)), attributes["user"]]);
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
    expect(letter?.attributes["user"]).toBe("x");
  });
});
