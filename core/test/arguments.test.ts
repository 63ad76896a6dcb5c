import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, it, onTestFinished } from "vitest";

interface Order {
  readonly card: string;
}
const Orders = defineTopic<Order>("orders");
const Mail = defineSubscription(Orders, "mail");
const order: Order = { card: "4111 1111 1111 1111" };
const handler = (): void => {};
/** As plain JavaScript calls, without the types in the way. */
type Untyped = Record<"publish" | "publishBatch" | "subscribe", (...given: unknown[]) => Promise<unknown>> &
  Record<"publisher" | "deadLetters" | "deliveries", (...given: unknown[]) => unknown>;

async function opened(): Promise<Untyped> {
  const pubsub: PubSub = await connect(memory());
  onTestFinished(async () => await pubsub.close());
  return pubsub as unknown as Untyped;
}

describe("wrong arguments are named by their kind, and the remedy with them", () => {
  it.each([
    [
      "publish",
      [order, Orders],
      /^topic is an object: must be made by defineTopic; the topic comes first, then the event/,
    ],
    [
      "publish",
      [Mail, order],
      /^topic is the subscription "mail": must be made by defineTopic; give its topic instead/,
    ],
    ["publish", ["orders", order], /^topic is text: must be made by defineTopic$/],
    ["publish", [undefined, order], /^topic is undefined/],
    ["publish", [Promise.resolve(Orders), order], /^topic is a promise: await it first/],
    ["publish", [Orders, order, "key"], /^publish: options are text: must be an object/],
    ["publish", [Orders, order, { attributes: { n: 5 } }], /^attribute 'n' is a number: must be a string/],
    ["publish", [Orders, order, { attributes: { n: undefined } }], /^attribute 'n' is undefined: must be a string/],
    ["publish", [Orders, order, { attributes: { n: order } }], /^attribute 'n' is an object: must be a string/],
    ["publish", [Orders, order, { attributes: "n=5" }], /^attributes are text: must be an object/],
    ["publish", [Orders, order, { id: order }], /^id is an object: must be 1 to 128 printable/],
    ["publishBatch", [Orders, order], /^publishBatch: entries are an object: must be an array/],
    ["publishBatch", [[{ event: order }], Orders], /^topic is an array/],
    [
      "subscribe",
      [Orders, handler],
      /^subscription is the topic "orders": must be made by defineSubscription; a topic may have several/,
    ],
    ["subscribe", [handler, Mail], /^subscription is a function: .*; the subscription comes first, then the handler/],
    ["subscribe", [Mail, order], /^handler is an object: must be a function/],
    ["subscribe", [Mail], /^handler is undefined: must be a function/],
  ] as const)("%s with %o", async (method, given, message) => {
    const call = (await opened())[method](...given);
    await expect(call).rejects.toThrow(TypeError);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.not.toThrow(/4111/);
  });

  it.each([
    ["publisher", [order], /^topic is an object/],
    ["deadLetters", [Orders], /^subscription is the topic "orders"/],
  ] as const)("%s with %o", async (method, given, message) => {
    const pubsub = await opened();
    expect(() => pubsub[method](...given)).toThrow(message);
  });

  it("also when declaring, and for options", async () => {
    const define = defineSubscription as (...given: unknown[]) => unknown;
    expect(() => define("mail", Orders)).toThrow(/^subscription name the topic "orders": must be/);
    expect(() => define(Mail, "again")).toThrow(/^subscription "again": topic is the subscription "mail"/);
    expect(() => define(Orders, "again", { maxConcurrency: order })).toThrow(/maxConcurrency is an object: must be/);
    const Keyed = defineTopic<Order>("keyed", { orderingKey: (event) => event as never });
    await expect((await opened()).publish(Keyed, order)).rejects.toThrow(/what orderingKey returned is an object/);
  });
});

describe("an option that is undefined is one that was left out", () => {
  it("for declarations, connect, publish and subscribe", async () => {
    const topic = defineTopic<Order>("t", {
      schema: undefined,
      codec: undefined,
      deliveryGuarantee: undefined,
      orderingKey: undefined,
      attributes: undefined,
      retentionMs: undefined,
    });
    expect(topic).toEqual(defineTopic("t"));
    const retryPolicy = { minBackoffMs: undefined, maxBackoffMs: undefined, maxRetries: undefined, jitter: undefined };
    const subscription = defineSubscription(topic, "s", {
      ackDeadlineMs: undefined,
      maxHandlingMs: undefined,
      retryPolicy,
    });
    expect(subscription).toEqual(defineSubscription(topic, "s"));
    await using pubsub = await connect({
      config: { connections: { main: { url: "memory:?maxMessages=1" } }, publish: { timeoutMs: 150 } },
      adapterOptions: { maxMessages: undefined, name: undefined },
      publish: { timeoutMs: undefined, maxPending: undefined, idSecret: undefined },
      provisioning: undefined,
      closeTimeoutMs: undefined,
      inbox: undefined,
      logger: undefined,
      observer: undefined,
      clock: undefined,
      random: undefined,
      signal: undefined,
      declarations: [subscription],
    });
    const options = { attributes: undefined, id: undefined, signal: undefined };
    await pubsub.publish(topic, order, options);
    // The URL's bound is in force.
    await expect(pubsub.publish(topic, order, options)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    const got: Order[] = [];
    const worker = await pubsub.subscribe(subscription, (event) => void got.push(event), {
      maxConcurrency: undefined,
      prefetch: undefined,
      signal: undefined,
    });
    await expect.poll(() => got).toEqual([order]);
    await worker.close({ timeoutMs: undefined, signal: undefined });
    const selection = { filter: undefined, limit: undefined, signal: undefined, onProgress: undefined };
    expect(await pubsub.deadLetters(subscription).redrive({ ...selection, edit: undefined })).toBe(0);
    expect(await pubsub.deadLetters(subscription).purge(selection)).toBe(0);
  });
});
