import {
  connect,
  defineSubscription,
  defineTopic,
  PubSubError,
  type PubSub,
  type PubSubErrorCode,
} from "@anytopic/core";
import { nats, type NatsOptions } from "@anytopic/nats";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors as clientErrors } from "@nats-io/nats-core";
import { afterAll, describe, expect, test } from "vitest";
import { toPubSubError } from "../src/errors.ts";

describe("toPubSubError", () => {
  test.each<[number, PubSubErrorCode]>([
    [10002, "RESOURCE_EXHAUSTED"],
    [10008, "UNAVAILABLE"],
    [10014, "NOT_FOUND"],
    [10023, "RESOURCE_EXHAUSTED"],
    [10037, "NOT_FOUND"],
    [10039, "INVALID_CONFIG"],
    [10047, "RESOURCE_EXHAUSTED"],
    [10054, "LIMIT_EXCEEDED"],
    [10058, "TOPOLOGY_MISMATCH"],
    [10059, "NOT_FOUND"],
    [10065, "TOPOLOGY_MISMATCH"],
    [10074, "INVALID_CONFIG"],
    [10076, "INVALID_CONFIG"],
    [10077, "RESOURCE_EXHAUSTED"],
    [10097, "LIMIT_EXCEEDED"],
    [10118, "UNAVAILABLE"],
    [10999, "UNKNOWN"],
  ])("err_code %i is %s", (errCode, code) => {
    const cause = new JetStreamApiError({ code: 400, err_code: errCode, description: "said the server" });
    const error = toPubSubError(cause, "create stream orders");
    expect(error).toMatchObject({ code, cause });
    expect(error.message).toMatch(new RegExp(`^create stream orders: said the server \\(${errCode}\\)`));
  });

  test.each<[string, unknown, PubSubErrorCode]>([
    ["an unknown 503", new JetStreamApiError({ code: 503, err_code: 10999, description: "x" }), "UNAVAILABLE"],
    ["a timeout", new clientErrors.TimeoutError(), "TIMEOUT"],
    ["a request lost with its connection", new clientErrors.RequestError("connection disconnected"), "UNAVAILABLE"],
    [
      "no responders in a request",
      new clientErrors.RequestError("x", { cause: new clientErrors.NoRespondersError("s") }),
      "NOT_FOUND",
    ],
    ["a closed connection", new clientErrors.ClosedConnectionError(), "CLOSED"],
    ["wrong credentials", new clientErrors.AuthorizationError("Authorization Violation"), "UNAUTHENTICATED"],
    ["expired credentials", new clientErrors.UserAuthenticationExpiredError("x"), "UNAUTHENTICATED"],
    ["no permission", new clientErrors.PermissionViolationError("x", "publish", "orders"), "PERMISSION_DENIED"],
    ["nobody listening", Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "UNAVAILABLE"],
    [
      "an unknown certificate",
      Object.assign(new Error("x"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
      "INVALID_CONFIG",
    ],
    ["anything else", new RangeError("odd"), "UNKNOWN"],
    ["a value that is no error", "odd", "UNKNOWN"],
  ])("%s", (_, thrown, code) => {
    expect(toPubSubError(thrown, "x").code).toBe(code);
  });

  test("our own errors stay as they are", () => {
    const error = new PubSubError("CLOSED", "x");
    expect(toPubSubError(error, "y")).toBe(error);
  });
});

const CONFIG = `
max_payload: 65536
accounts {
  APP: { jetstream: enabled, users: [
    { user: app, password: s3cret },
    { user: worker, password: s3cret, permissions: {
      publish: ["errors-orders", "$JS.API.CONSUMER.INFO.errors-orders.mail", "$JS.API.CONSUMER.MSG.NEXT.errors-orders.mail",
        "$JS.ACK.errors-orders.mail.>", "errors-orders.dead-letters.mail", "errors-orders.leader.mail",
        "$JS.API.STREAM.MSG.GET.errors-orders__mail__leader"],
      subscribe: ["_INBOX.>", "errors-orders.leader.mail"]
    } },
    { user: reader, password: s3cret, permissions: { publish: { deny: ["errors-denied"] } } }
  ] }
  PLAIN: { users: [ { user: plain, password: s3cret } ] }
}
`;
const broker: Broker | undefined = await startBrokerOrSkip("nats", { config: CONFIG });

describe.skipIf(broker === undefined || broker.provider === "external")("a real server", () => {
  const servers = (broker?.url ?? "").replace("nats://", "");
  const login = { user: "app", password: "s3cret", maxPayloadBytes: 65_536 };

  afterAll(async () => broker?.close());

  async function failure(
    options: NatsOptions,
    run: (pubsub: PubSub) => Promise<unknown> = async () => {},
  ): Promise<PubSubError> {
    const attempt = async (): Promise<void> => {
      await using pubsub = await connect(nats({ servers, ...options }));
      await run(pubsub);
    };
    const error: unknown = await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PubSubError);
    expect(`${(error as Error).message} ${(error as Error).stack}`).not.toContain("s3cret");
    return error as PubSubError;
  }

  test("wrong credentials", async () => {
    expect(await failure({ user: "app", password: "wr0ng" })).toMatchObject({
      code: "UNAUTHENTICATED",
      retryable: false,
    });
  });

  test("nobody there", async () => {
    expect(await failure({ servers: "127.0.0.1:1", user: "app", password: "s3cret" })).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("connect to NATS at 127.0.0.1:1: no server answers (ECONNREFUSED). See "),
    });
  });

  test("a smaller max_payload than ours", async () => {
    const error = await failure({ ...login, maxPayloadBytes: 1_048_576 });
    expect(error).toMatchObject({ code: "INVALID_CONFIG" });
    expect(error.message).toContain(
      "max_payload of the server is 65536 bytes, maxPayloadBytes 1048576: set maxPayloadBytes to 65536",
    );
  });

  test("an account without JetStream", async () => {
    const topic = defineTopic<object>("errors-plain");
    const options = { ...login, user: "plain" };
    expect(await failure(options, async (pubsub) => pubsub.apply([topic]))).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("enable JetStream for this account"),
    });
    const error = await failure(options, async (pubsub) => pubsub.publish(topic, {}));
    expect(["INVALID_CONFIG", "NOT_FOUND"]).toContain(error.code);
  });

  test("no permission to publish: every publish on its way rejects, and says where", async () => {
    const topic = defineTopic<object>("errors-denied");
    await using owner = await connect(nats({ servers, ...login }));
    await owner.apply([topic]);
    await using reader = await connect(nats({ servers, ...login, user: "reader" }), { provisioning: "off" });
    const results = await reader.publishBatch(topic, [{ event: {} }, { event: {} }]);
    const denied = { code: "PERMISSION_DENIED", message: expect.stringContaining("errors-denied") };
    expect(results).toMatchObject([
      { ok: false, error: denied },
      { ok: false, error: denied },
    ]);
  });

  test("the permissions that the README names suffice", async () => {
    const topic = defineTopic<{ n: number }>("errors-orders", { orderingKey: () => "k" });
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    await using owner = await connect(nats({ servers, ...login }));
    await owner.apply([topic, subscription]);
    await using limited = await connect(nats({ servers, ...login, user: "worker" }), { provisioning: "off" });
    const seen: number[] = [];
    await using worker = await limited.subscribe(subscription, async ({ n }) => {
      seen.push(n);
      if (n === 1) throw new Error("no");
    });
    for (const n of [1, 2]) await limited.publish(topic, { n });
    await expect.poll(() => seen).toEqual([1, 2]);
    await expect.poll(async () => owner.deadLetters(subscription).count()).toBe(1);
    expect(worker.health().state).toBe("receiving");
  });

  test("a full stream refuses, and drops nothing", async () => {
    const topic = defineTopic<{ text: string }>("errors-full");
    await using pubsub = await connect(nats({ servers, ...login, maxStreamBytes: 4096 }));
    await pubsub.apply([topic]);
    const results = await pubsub.publishBatch(
      topic,
      Array.from({ length: 10 }, () => ({ event: { text: "x".repeat(1000) } })),
    );
    expect(results.slice(0, 2)).toMatchObject([{ ok: true }, { ok: true }]);
    expect(results.at(-1)).toMatchObject({
      ok: false,
      error: { code: "RESOURCE_EXHAUSTED", message: expect.stringContaining("raise the limit") },
    });
  });

  test("replicas on a server without a cluster", async () => {
    const error = await failure({ ...login, replicas: 3 }, async (pubsub) =>
      pubsub.apply([defineTopic<object>("errors-replicas")]),
    );
    expect(error).toMatchObject({ code: "INVALID_CONFIG", message: expect.stringContaining("set replicas to 1") });
  });

  test("subjects that another stream stores", async () => {
    await using owner = await connect(nats({ servers, ...login }));
    await owner.apply([defineTopic<object>("errors-taken")]);
    const { jetstreamManager } = await import("@nats-io/jetstream");
    const jsm = await jetstreamManager(owner.native);
    await jsm.streams.add({ name: "other", subjects: ["errors-overlap"] });
    const error = await failure(login, async (pubsub) => pubsub.apply([defineTopic<object>("errors-overlap")]));
    expect(error).toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: expect.stringContaining("another stream already stores these subjects"),
    });
  });

  test("what does not exist", async () => {
    const topic = defineTopic<object>("errors-missing");
    const off = { provisioning: "off" } as const;
    await using pubsub = await connect(nats({ servers, ...login }), off);
    await expect(pubsub.publish(topic, {})).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("no stream stores this subject"),
    });
    const subscription = defineSubscription(topic, "mail");
    await expect(pubsub.subscribe(subscription, async () => {})).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(pubsub.deadLetters(subscription).count()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
