import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSub, RetryAfter } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { PubSub as GooglePubSub, v1 } from "@google-cloud/pubsub";
import { googleAuthLibrary } from "google-gax";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const projectId = "retry-tests";
const broker: Broker | undefined = await startBrokerOrSkip("gcp");

describe.skipIf(broker === undefined)("attempts", () => {
  let pubsub: PubSub;
  let admin: v1.SubscriberClient;

  beforeAll(async () => {
    const { url } = broker as Broker;
    pubsub = await connect(gcp({ projectId, emulatorHost: url }));
    const authClient = new googleAuthLibrary.PassThroughClient();
    const google = new GooglePubSub({ projectId, apiEndpoint: url, authClient });
    admin = new v1.SubscriberClient((await google.getClientConfig()) as never);
  });

  afterAll(async () => {
    await pubsub.close();
    await admin.close();
    await broker?.close();
  });

  test("go on beyond the service's limit of 100 deliveries, and end where the policy says", async () => {
    const topic = defineTopic<{ n: number }>("beyond");
    const retryPolicy = { minBackoffMs: 1, maxBackoffMs: 1, maxRetries: 104 };
    const subscription = defineSubscription(topic, "stubborn", { retryPolicy });
    await pubsub.apply([subscription]);
    const attempts: number[] = [];
    const ids = new Set<string>();
    await using worker = await pubsub.subscribe(subscription, async (_, { attempt, id }) => {
      attempts.push(attempt);
      ids.add(id);
      throw new RetryAfter(0);
    });
    const id = await pubsub.publish(topic, { n: 1 }, { attributes: { a: "b" } });
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => attempts.length, { timeout: 60_000 }).toBe(105);
    await expect.poll(() => letters.count()).toBe(1);
    expect(attempts).toEqual(Array.from({ length: 105 }, (_, index) => index + 1));
    expect([...ids]).toEqual([id]);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({ id, reason: "retries-exhausted", attempts: 105, attributes: { a: "b" } });
    expect(worker.health().state).toBe("receiving");
  }, 90_000);

  test("are counted by the worker on a subscription without a dead-letter policy", async () => {
    const topic = defineTopic<{ n: number }>("uncounted");
    const subscription = defineSubscription(topic, "bare", {
      retryPolicy: { minBackoffMs: 1, maxBackoffMs: 1, maxRetries: 3 },
    });
    await pubsub.apply([subscription]);
    const name = `projects/${projectId}/subscriptions/uncounted.bare`;
    await admin.updateSubscription({ subscription: { name }, updateMask: { paths: ["dead_letter_policy"] } });
    expect((await pubsub.plan([subscription])).map(({ action, detail }) => `${action} ${detail}`)).toEqual([
      `update dead_letter_policy is none, declared projects/${projectId}/topics/uncounted.bare.dead-letters after 14 attempts`,
    ]);
    const attempts: number[] = [];
    await using worker = await pubsub.subscribe(subscription, async (_, { attempt }) => {
      attempts.push(attempt);
      throw new RetryAfter(0);
    });
    await pubsub.publish(topic, { n: 1 });
    await expect.poll(() => pubsub.deadLetters(subscription).count()).toBe(1);
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(worker.health().state).toBe("receiving");
  });

  test("of crashed workers end in the service's own dead-lettering, readable and redrivable", async () => {
    const topic = defineTopic<{ n: number }>("crashed");
    const subscription = defineSubscription(topic, "victim", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([subscription]);
    const id = await pubsub.publish(topic, { n: 7 });
    const name = `projects/${projectId}/subscriptions/crashed.victim`;
    // What a worker that dies in every attempt does, without the wait for its leases.
    const loseOnce = async (): Promise<boolean> => {
      const [answer] = await admin.pull({ subscription: name, maxMessages: 1, returnImmediately: true });
      const ackIds = (answer.receivedMessages ?? []).map(({ ackId }) => ackId ?? "");
      if (ackIds.length === 0) return false;
      await admin.modifyAckDeadline({ subscription: name, ackIds, ackDeadlineSeconds: 0 });
      return true;
    };
    for (let attempt = 1; attempt <= 11; attempt += 1) await expect.poll(loseOnce).toBe(true);
    expect(await loseOnce()).toBe(false);
    await expect.poll(() => pubsub.deadLetters(subscription).count()).toBe(1);
    const [letter] = await pubsub.deadLetters(subscription).peek();
    expect(letter).toMatchObject({ id, reason: "backstop" });
    const seen: unknown[] = [];
    await using worker = await pubsub.subscribe(subscription, async (event, context) => {
      seen.push([context.id, context.attempt, event.n]);
    });
    expect(await pubsub.deadLetters(subscription).redrive()).toBe(1);
    await expect.poll(() => seen).toEqual([[id, 1, 7]]);
    expect(worker.health().state).toBe("receiving");
  });
});
