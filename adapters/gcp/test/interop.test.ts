import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type HandlerContext, type PubSub } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { type Message, PubSub as GooglePubSub } from "@google-cloud/pubsub";
import { googleAuthLibrary } from "google-gax";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const projectId = "interop-tests";
const broker: Broker | undefined = await startBrokerOrSkip("gcp");

describe.skipIf(broker === undefined)("beside Google's client", () => {
  let google: GooglePubSub;
  let pubsub: PubSub;

  beforeAll(async () => {
    const { url } = broker as Broker;
    const authClient = new googleAuthLibrary.PassThroughClient();
    google = new GooglePubSub({ projectId, apiEndpoint: url, authClient });
    pubsub = await connect(gcp({ projectId, emulatorHost: url }));
  });

  afterAll(async () => {
    await pubsub.close();
    await google.close();
    await broker?.close();
  });

  test("what we publish is a plain message: the event as JSON, its attributes, its ordering key, and our id", async () => {
    const topic = defineTopic<{ user: string }>("interop-out", { orderingKey: ({ user }) => user });
    await pubsub.apply([topic]);
    const [theirs] = await google.topic("interop-out").createSubscription("theirs", { enableMessageOrdering: true });
    const messages: Message[] = [];
    theirs.on("error", () => {});
    theirs.on("message", (message: Message) => {
      messages.push(message);
      message.ack();
    });
    const attributes = { source: "web", googleish: "g", naïve: "é😀" };
    const id = await pubsub.publish(topic, { user: "änne" }, { attributes });
    await expect.poll(() => messages.length).toBe(1);
    await theirs.close();
    const [message] = messages;
    expect(JSON.parse(String(message?.data))).toEqual({ user: "änne" });
    expect(message?.orderingKey).toBe("änne");
    expect(message?.attributes).toEqual({
      "anytopic-id": id,
      source: "web",
      naïve: "é😀",
      "anytopic.googleish": "g",
    });
  });

  test("what others publish is delivered, also attributes without data", async () => {
    const topic = defineTopic<Uint8Array>("interop-in", { codec: "bytes" });
    const subscription = defineSubscription(topic, "ours");
    await pubsub.apply([subscription]);
    const seen: { body: string; context: HandlerContext }[] = [];
    await using worker = await pubsub.subscribe(subscription, async (event, context) => {
      seen.push({ body: Buffer.from(event).toString(), context });
    });
    const before = Date.now();
    const their = google.topic("interop-in", { batching: { maxMessages: 1 } });
    const plain = await their.publishMessage({ data: Buffer.from("plain") });
    const empty = await their.publishMessage({ data: Buffer.alloc(0), attributes: { only: "attributes" } });
    const odd = await their.publishMessage({
      data: Buffer.from([0, 255]),
      attributes: { "anytopic-publish-time": "?", k: "" },
    });
    await expect.poll(() => seen.length).toBe(3);
    const byId = new Map(seen.map((one) => [one.context.id, one]));
    expect([...byId.keys()].toSorted()).toEqual([plain, empty, odd].toSorted());
    expect(byId.get(plain)?.body).toBe("plain");
    expect(byId.get(empty)).toMatchObject({ body: "", context: { attributes: { only: "attributes" }, attempt: 1 } });
    expect(byId.get(odd)?.context.attributes).toEqual({ k: "" });
    for (const { context } of seen) expect(context.publishTime.getTime()).toBeGreaterThan(before - 5000);
    expect(worker.health().state).toBe("receiving");
  });

  test("a redriven letter reaches its own subscription and nobody else, not even on the service", async () => {
    const topic = defineTopic<{ n: number }>("interop-redrive");
    const subscription = defineSubscription(topic, "failing", { retryPolicy: { maxRetries: 0 } });
    await pubsub.apply([subscription]);
    const [theirs] = await google.topic("interop-redrive").createSubscription("beside");
    const messages: string[] = [];
    theirs.on("error", () => {});
    theirs.on("message", (message: Message) => {
      messages.push(message.id);
      message.ack();
    });
    const attempts: number[] = [];
    await using worker = await pubsub.subscribe(subscription, async (_, { attempt }) => {
      attempts.push(attempt);
      if (attempts.length === 1) throw new Error("once");
    });
    await pubsub.publish(topic, { n: 1 });
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count()).toBe(1);
    expect(await letters.redrive()).toBe(1);
    await expect.poll(() => attempts).toEqual([1, 1]);
    await expect.poll(() => letters.count()).toBe(0);
    // One more event shows that whatever was on its way has arrived.
    await pubsub.publish(topic, { n: 2 });
    await expect.poll(() => attempts).toEqual([1, 1, 1]);
    await expect.poll(() => messages.length).toBe(2);
    await theirs.close();
    expect(worker.health().state).toBe("receiving");
  });

  test("a client that was handed in is used and not closed", async () => {
    const topic = defineTopic<object>("interop-client");
    const own = await connect(gcp({ client: google }));
    expect(own.native).toBe(google);
    await own.apply([topic]);
    await own.publish(topic, {});
    await own.close();
    expect(google.isOpen).toBe(true);
    expect((await google.topic("interop-client").exists())[0]).toBe(true);
    await expect(own.publish(topic, {})).rejects.toMatchObject({ code: "CLOSED" });
  });
});
