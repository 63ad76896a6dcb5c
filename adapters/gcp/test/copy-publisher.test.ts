import { systemClock } from "@anytopic/core";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { PubSub } from "@google-cloud/pubsub";
import { googleAuthLibrary } from "google-gax";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { Connection } from "../src/connection.ts";
import { CopyPublisher } from "../src/publish/copy-publisher.ts";
import { Status } from "../src/errors.ts";
import type { Channel, WireSubscription } from "../src/connection/rpc.ts";

const TOPIC = "projects/p/topics/orders.mail.dead-letters";
const message = { data: Buffer.from("x"), attributes: {} };

/** A service that takes every publish, and answers looks by `look`. */
function scripted(look: () => WireSubscription | { readonly code: number }) {
  const calls: string[] = [];
  const channel: Channel = {
    call(method, _request, _options, done) {
      const isLook = method.path.endsWith("GetSubscription");
      calls.push(isLook ? "look" : "publish");
      const answer = isLook ? look() : { messageIds: ["1"] };
      setImmediate(() => ("code" in answer ? done(answer, undefined) : done(null, answer as never)));
      return { cancel: () => {} };
    },
    close: () => Promise.resolve(),
  };
  const warn = vi.fn<Connection["context"]["logger"]["warn"]>();
  const connection = {
    projectId: "p",
    publishing: channel,
    letters: channel,
    methods: { publish: { path: "Publish" }, getSubscription: { path: "GetSubscription" } },
    metadata: () => ({}),
    context: { clock: systemClock, logger: { warn } },
  } as unknown as Connection;
  return { calls, warn, copies: new CopyPublisher(connection, "orders.mail.dead-letters") };
}

test("a copy is durable when its subscription is there after it was published", async () => {
  const { calls, copies } = scripted(() => ({ topic: TOPIC, detached: false }));
  await copies.publish(message);
  expect(calls).toEqual(["publish", "look"]);
});

test.each([
  { what: "is gone", answer: { code: Status.NOT_FOUND }, code: "NOT_FOUND" },
  { what: "is detached", answer: { topic: TOPIC, detached: true }, code: "NOT_FOUND" },
  {
    what: "belongs to a topic that was deleted",
    answer: { topic: "_deleted-topic_", detached: false },
    code: "NOT_FOUND",
  },
  { what: "cannot be looked at now", answer: { code: Status.UNAVAILABLE }, code: "UNAVAILABLE" },
])("a copy counts for nothing when its subscription $what", async ({ answer, code }) => {
  const { copies } = scripted(() => answer);
  await expect(copies.publish(message)).rejects.toMatchObject({ code });
});

test("who may not look is told so once, and letters are stored as before", async () => {
  const { warn, copies } = scripted(() => ({ code: Status.PERMISSION_DENIED }));
  await copies.publish(message);
  await copies.publish(message);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith(expect.anything(), expect.stringContaining("pubsub.subscriptions.get"));
});

test("copies at the same time share a look that began after they were published", async () => {
  const { calls, copies } = scripted(() => ({ topic: TOPIC, detached: false }));
  await Promise.all(Array.from({ length: 50 }, () => copies.publish(message)));
  expect(calls.filter((call) => call === "look").length).toBeLessThanOrEqual(2);
  expect(calls.at(-1)).toBe("look");
});

const broker: Broker | undefined = await startBrokerOrSkip("gcp");
afterAll(() => broker?.close());

describe.skipIf(broker === undefined)("on an emulator", () => {
  const projectId = "copies";
  const emulatorHost = broker?.url ?? "";
  const client = new PubSub({
    projectId,
    apiEndpoint: emulatorHost,
    authClient: new googleAuthLibrary.PassThroughClient(),
  });
  afterAll(() => client.close());

  test("a letter stays where it is while what its redrive goes by is gone", async () => {
    await using pubsub = await connect(gcp({ projectId, emulatorHost }));
    const topic = defineTopic<number>("redriven");
    const subscription = defineSubscription(topic, "worker", { retryPolicy: { maxRetries: 0 } });
    await pubsub.subscribe(subscription, () => {
      throw new Reject("no");
    });
    await pubsub.publish(topic, 1);
    const letters = pubsub.deadLetters(subscription);
    await expect.poll(() => letters.count()).toBe(1);
    await client.subscription("redriven.worker.redrive").delete();
    await expect(letters.redrive()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect.poll(() => letters.count()).toBe(1);
  });

  test("a worker whose dead letters would be lost does not start", async () => {
    await using pubsub = await connect(gcp({ projectId, emulatorHost }));
    const topic = defineTopic<number>("unkept");
    const subscription = defineSubscription(topic, "worker");
    await pubsub.apply([subscription]);
    await client.subscription("unkept.worker.dead-letters").delete();
    await using other = await connect(gcp({ projectId, emulatorHost }), { provisioning: "off" });
    await expect(other.subscribe(subscription, () => {})).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("unkept.worker.dead-letters") as unknown,
    });
  });
});
