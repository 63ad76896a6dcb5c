import { setTimeout } from "node:timers/promises";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { PubSub as GooglePubSub, v1 } from "@google-cloud/pubsub";
import { googleAuthLibrary } from "google-gax";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const projectId = "provisioning-tests";
const broker: Broker | undefined = await startBrokerOrSkip("gcp");

describe.skipIf(broker === undefined)("topology", () => {
  let pubsub: PubSub;
  let google: GooglePubSub;
  let admin: v1.SubscriberClient;

  beforeAll(async () => {
    const { url } = broker as Broker;
    pubsub = await connect(gcp({ projectId, emulatorHost: url, prefix: "dev-" }));
    const authClient = new googleAuthLibrary.PassThroughClient();
    google = new GooglePubSub({ projectId, apiEndpoint: url, authClient });
    admin = new v1.SubscriberClient((await google.getClientConfig()) as never);
  });

  afterAll(async () => {
    await pubsub.close();
    await admin.close();
    await google.close();
    await broker?.close();
  });

  const words = (changes: readonly { action: string; resource: string; detail: string }[]): readonly string[] =>
    changes.map(({ action, resource, detail }) => `${action} ${resource} ${detail}`.trim());

  test("replay is switched on in place, on the subscription of the topic alone", async () => {
    const before = defineSubscription(defineTopic<object>("kept"), "mail");
    await pubsub.apply([before]);
    const after = defineSubscription(defineTopic<object>("kept", { replay: true }), "mail");
    const change = "update subscription dev-kept.mail retain_acked_messages is false, declared true";
    expect(words(await pubsub.plan([after]))).toEqual([change]);
    expect(words(await pubsub.apply([after], { update: true }))).toEqual([change]);
    expect(await pubsub.plan([after])).toEqual([]);
    await pubsub.seek(after, { to: "beginning" });
    await pubsub.destroy([after.topic, after]);
  });

  test("is created once, whoever else creates it, and found again", async () => {
    const topic = defineTopic<object>("once");
    const subscription = defineSubscription(topic, "mail");
    const all = [
      "create subscription dev-once.mail",
      "create subscription dev-once.mail.dead-letters",
      "create subscription dev-once.mail.redrive",
      "create topic dev-once",
      "create topic dev-once.mail.dead-letters",
      "create topic dev-once.mail.redrive",
    ];
    expect(words(await pubsub.plan([subscription])).toSorted()).toEqual(all);
    const created = await Promise.all([pubsub.apply([subscription]), pubsub.apply([subscription])]);
    // The official emulator may tell both that they created a subscription.
    expect([...new Set(words(created.flat()))].toSorted()).toEqual(all);
    expect(await pubsub.plan([subscription])).toEqual([]);
    expect(await pubsub.apply([subscription])).toEqual([]);
    const [made] = await admin.getSubscription({ subscription: `projects/${projectId}/subscriptions/dev-once.mail` });
    expect(made.expirationPolicy?.ttl ?? null).toBeNull();
    expect(made.deadLetterPolicy?.maxDeliveryAttempts).toBe(100);
    expect((await pubsub.destroy([topic, subscription])).toSorted()).toEqual(
      all.map((word) => word.slice("create ".length)),
    );
    expect(await pubsub.destroy([topic, subscription])).toEqual([]);
  });

  test("what differs is said in numbers, and changed only when that is asked for", async () => {
    const topic = defineTopic<object>("changing");
    await pubsub.apply([defineSubscription(topic, "mail", { ackDeadlineMs: 20_000 })]);
    const subscription = defineSubscription(defineTopic<object>("changing", { retentionMs: 86_400_000 }), "mail", {
      ackDeadlineMs: 45_000,
      retryPolicy: { maxRetries: 3 },
    });
    const differences = [
      "update subscription dev-changing.mail ack_deadline_seconds is 20, declared 45",
      "update subscription dev-changing.mail message_retention_duration is 604800 s, declared 86400 s",
      `update subscription dev-changing.mail dead_letter_policy is projects/${projectId}/topics/dev-changing.mail.dead-letters after 100 attempts, declared projects/${projectId}/topics/dev-changing.mail.dead-letters after 14 attempts`,
    ];
    const main = (changes: Parameters<typeof words>[0]): readonly string[] =>
      words(changes.filter(({ resource }) => resource === "subscription dev-changing.mail"));
    expect(main(await pubsub.plan([subscription]))).toEqual(differences);
    expect(await pubsub.apply([subscription])).toEqual([]);
    expect(main(await pubsub.apply([subscription], { update: true }))).toEqual(differences);
    expect(await pubsub.plan([subscription])).toEqual([]);
  });

  test("what cannot be changed would have to be replaced, and is left alone", async () => {
    await pubsub.apply([defineSubscription(defineTopic<object>("fixed"), "mail")]);
    const ordered = defineTopic<{ key: string }>("fixed", { orderingKey: ({ key }) => key });
    const subscription = defineSubscription(ordered, "mail");
    const changes = [
      "replace subscription dev-fixed.mail enable_message_ordering is false, declared true",
      "replace subscription dev-fixed.mail.redrive enable_message_ordering is false, declared true",
    ];
    expect(words(await pubsub.plan([subscription]))).toEqual(changes);
    expect(await pubsub.apply([subscription], { update: true })).toEqual([]);
    expect(words(await pubsub.plan([subscription]))).toEqual(changes);
  });

  test("a retention the service does not have is refused before anything is created", async () => {
    const topic = defineTopic<object>("brief", { retentionMs: 60_000 });
    const subscription = defineSubscription(topic, "mail");
    await expect(pubsub.apply([subscription])).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    expect((await google.topic("dev-brief").exists())[0]).toBe(false);
  });

  test("closing ends an admin call that the client library retries, and its timers", async () => {
    const { host, port } = broker as Broker;
    const line = await createTcpProxy({ targetHost: host, targetPort: port });
    const closing = await connect(gcp({ projectId, emulatorHost: `${line.host}:${line.port}` }));
    await line.close();
    const planning = closing.plan([defineSubscription(defineTopic<object>("cut-off"), "mail")]);
    const outcome = planning.catch((error: unknown) => error);
    // By then it pauses for seconds between its retries.
    await setTimeout(5000);
    await closing.close();
    expect(await Promise.race([outcome, setTimeout(100)])).toMatchObject({ code: "CLOSED" });
  });
});
