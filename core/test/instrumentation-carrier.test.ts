import {
  connect,
  defineSubscription,
  defineTopic,
  PubSubError,
  type Attributes,
  type Carrier,
  type PublishEnd,
  type PubSub,
} from "@anytopic/core";
import { memory, memoryCapabilities } from "@anytopic/memory";
import { describe, expect, test } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";
import { twoBrokers } from "./two-brokers.ts";

const Orders = defineTopic<{ readonly n: number }>("orders");
const Mail = defineSubscription(Orders, "mail");
const TRACE = { traceparent: "00-1", tracestate: "a=b", baggage: "c=d" };

interface Published {
  readonly adapter: ScriptedAdapter;
  readonly pubsub: PubSub;
  readonly ends: PublishEnd[];
  readonly problems: unknown[];
}

async function publishing(
  carried: Carrier,
  overrides: ConstructorParameters<typeof ScriptedAdapter>[0] = {},
): Promise<Published> {
  const adapter = new ScriptedAdapter(overrides);
  const ends: PublishEnd[] = [];
  const problems: unknown[] = [];
  const log = (fields: object): unknown => problems.push((fields as { readonly error?: unknown }).error);
  const pubsub = await connect(adapter, {
    logger: { debug() {}, info() {}, warn: log, error: log },
    instrumentation: [
      {
        publish(_publish, carrier) {
          Object.assign(carrier, carried);
          return (end) => void ends.push(end);
        },
      },
    ],
  });
  return { adapter, pubsub, ends, problems };
}

/** The attributes that reach the driver, in their order. */
async function sent({ adapter, pubsub }: Published, attributes?: Attributes): Promise<readonly (readonly string[])[]> {
  const publishing = pubsub.publish(Orders, { n: 1 }, { attributes });
  await expect.poll(() => adapter.requests.length).toBe(1);
  adapter.requests[0]?.accept();
  await publishing;
  return Object.entries(adapter.requests[0]?.attributes ?? {});
}

describe("what instrumentations add to a message", () => {
  const roomy = { maxAttributes: 10 };

  test("comes after the user's attributes, and never replaces one", async () => {
    const on = await publishing({ added: "1", own: "theirs" }, roomy);
    expect(await sent(on, { own: "2", other: "3" })).toEqual([
      ["own", "2"],
      ["other", "3"],
      ["added", "1"],
    ]);
    expect(on.ends).toEqual([{ error: undefined }]);
    expect(on.problems).toEqual([]);
  });

  test("is all that there is when the user has none", async () => {
    expect(await sent(await publishing(TRACE, roomy))).toEqual(Object.entries(TRACE));
  });

  const mixed: readonly (readonly [string, Attributes, readonly string[]])[] = [
    ["traceparent", { traceparent: "00-2" }, ["traceparent"]],
    ["tracestate", { tracestate: "x=y" }, ["tracestate"]],
    ["baggage", { baggage: "x=y" }, ["baggage", "traceparent", "tracestate"]],
  ];
  test.for(mixed)("is of one trace only, when the user has set %s", async ([, own, keys]) => {
    const attributes = await sent(await publishing(TRACE, roomy), own);
    expect(attributes.map(([key]) => key)).toEqual(keys);
    expect(attributes[0]).toEqual(Object.entries(own)[0]);
  });

  test("is read in the call, and is not what an instrumentation writes later", async () => {
    const carriers: Carrier[] = [];
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter, {
      instrumentation: [{ publish: (_publish, carrier) => void carriers.push(carrier) }],
    });
    const published = pubsub.publish(Orders, { n: 1 });
    for (const carrier of carriers) carrier["late"] = "1";
    await expect.poll(() => adapter.requests.length).toBe(1);
    adapter.requests[0]?.accept();
    await published;
    expect(adapter.requests[0]?.attributes).toEqual({});
  });

  const forbidden: readonly (readonly [string, unknown])[] = [
    ["", "empty key"],
    ["anytopic-x", "reserved"],
    ["ANYTOPIC", "reserved"],
    ["number", 1],
    ["missing", undefined],
    ["surrogate", "\ud800"],
    ["\ud800", "lone surrogate"],
  ];
  test.for(forbidden)("is left out and logged when no user could publish it: %o", async ([key, value]) => {
    const on = await publishing({ [key]: value as string, fine: "1" });
    expect(await sent(on)).toEqual([["fine", "1"]]);
    expect(on.problems).toEqual([`it added the attribute ${JSON.stringify(key)}, which is not allowed`]);
  });

  test("may have any key, also one of an object's prototype", async () => {
    const carried = Object.create(null) as Carrier;
    Object.defineProperty(carried, "__proto__", { value: "1", enumerable: true });
    carried["constructor"] = "2";
    expect(await sent(await publishing(carried))).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });
});

describe("is left out, and the publish goes on, when it would break a limit:", () => {
  const limits: readonly (readonly [string, Carrier, ConstructorParameters<typeof ScriptedAdapter>[0]])[] = [
    ["the number of attributes", TRACE, { maxAttributes: 3 }],
    ["the length of a key", { "a-key-that-is-far-too-long": "1" }, {}],
    ["the length of a value", { key: "x".repeat(33) }, {}],
  ];
  test.for(limits)("%s", async ([, carried, overrides]) => {
    const on = await publishing(carried, overrides);
    expect(await sent(on, { own: "1" })).toEqual([["own", "1"]]);
    expect(on.ends).toEqual([{ error: undefined }]);
  });

  test("the bytes of the message, as the broker counts them", async () => {
    const ends: PublishEnd[] = [];
    const adapter = memory({});
    const pubsub = await connect(adapter, {
      declarations: [Mail],
      instrumentation: [
        {
          publish(_publish, carrier) {
            carrier["large"] = "x".repeat(1000);
            return (end) => void ends.push(end);
          },
        },
      ],
    });
    const got: unknown[] = [];
    await pubsub.subscribe(Mail, (_event, { attributes }) => void got.push(Object.keys(attributes)));
    const { maxMessageBytes } = memoryCapabilities;
    const bytes = defineTopic<Uint8Array>("bytes", { codec: (await import("@anytopic/core")).bytesCodec });
    const All = defineSubscription(bytes, "all");
    await pubsub.subscribe(All, (_event, { attributes }) => void got.push(Object.keys(attributes)));
    await pubsub.publish(bytes, new Uint8Array(maxMessageBytes - 500));
    await pubsub.publish(bytes, new Uint8Array(maxMessageBytes - 2000));
    await expect.poll(() => got).toEqual([[], ["large"]]);
    expect(ends).toEqual([{ error: undefined }, { error: undefined }]);
    await pubsub.close();
  });

  test("one that only the driver knows", async () => {
    const on = await publishing({ added: "1" });
    on.adapter.refusal = ({ attributes }) =>
      attributes["added"] === undefined ? undefined : new PubSubError("LIMIT_EXCEEDED", "no additions");
    expect(await sent(on)).toEqual([]);
  });

  test("and a message that breaks it by itself is refused as ever", async () => {
    const on = await publishing({ added: "1" });
    const refused = on.pubsub.publish(Orders, { n: 1 }, { attributes: { own: "x".repeat(33) } });
    await expect(refused).rejects.toThrow(/value of attribute .*own.*33 bytes, at most 32 bytes/);
    expect(on.ends).toMatchObject([{ error: { code: "LIMIT_EXCEEDED" } }]);
    expect(on.adapter.requests).toEqual([]);
  });
});

describe("a publish ends once for an instrumentation", () => {
  test("with the error that its caller gets, before the caller", async () => {
    const on = await publishing({});
    const order: string[] = [];
    const ending = Object.defineProperty([] as PublishEnd[], "push", { value: () => order.push("instrumentation") });
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter, { instrumentation: [{ publish: () => (end) => void ending.push(end) }] });
    const caller = pubsub.publish(Orders, { n: 1 }).catch(() => order.push("caller"));
    await expect.poll(() => adapter.requests.length).toBe(1);
    adapter.requests[0]?.reject(new PubSubError("REJECTED", "no"));
    await caller;
    expect(order).toEqual(["instrumentation", "caller"]);
    await on.pubsub.close();
  });

  test("also when its caller aborts, when it is refused after close, and when it has no topic", async () => {
    const on = await publishing({});
    const aborting = new AbortController();
    const first = on.pubsub.publish(Orders, { n: 1 }, { signal: aborting.signal });
    aborting.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    await on.pubsub.close({ timeoutMs: 0 });
    await expect(on.pubsub.publish(Orders, { n: 2 })).rejects.toMatchObject({ code: "CLOSED" });
    expect(on.ends).toMatchObject([{ error: { message: "enough" } }, { error: { code: "CLOSED" } }]);
    await using verifying = await connect("memory:", {
      provisioning: "verify",
      instrumentation: [
        { publish: () => (end) => void on.ends.push(end), publishBatch: () => (end) => void on.ends.push(end) },
      ],
    });
    await expect(verifying.publishBatch(Orders, [{ event: { n: 1 } }])).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(on.ends.slice(2)).toMatchObject([
      { error: { code: "NOT_FOUND" } },
      { failed: 1, error: { code: "NOT_FOUND" } },
    ]);
  });

  test("and one that nobody handles is still reported as unhandled", async () => {
    const on = await publishing({});
    await on.pubsub.close();
    const unhandled = new Promise((resolve) => {
      const listeners = process.rawListeners("unhandledRejection");
      process.removeAllListeners("unhandledRejection");
      process.once("unhandledRejection", (reason) => {
        for (const listener of listeners)
          process.on("unhandledRejection", listener as NodeJS.UnhandledRejectionListener);
        resolve(reason);
      });
    });
    void on.pubsub.publish(Orders, { n: 1 });
    expect(await unhandled).toMatchObject({ code: "CLOSED" });
  });
});

test("a mirrored topic is published once, with the same additions on both connections", async () => {
  const brokers = twoBrokers();
  const config = { ...brokers, topics: { orders: { mirror: "b" } } };
  let publishes = 0;
  await using pubsub = await connect({
    config,
    declarations: [Orders, Mail],
    instrumentation: [
      {
        publish(_publish, carrier) {
          publishes += 1;
          carrier["span"] = String(publishes);
        },
      },
    ],
  });
  const got: string[] = [];
  const readers = await Promise.all(
    ["a", "b"].map(async (connection) => {
      const reader = await connect({ config: { ...brokers, topics: { orders: { connection } } } });
      await reader.subscribe(Mail, (_event, { attributes }) => void got.push(`${connection} ${attributes["span"]}`));
      return reader;
    }),
  );
  await pubsub.publish(Orders, { n: 1 });
  await expect.poll(() => got.toSorted()).toEqual(["a 1", "b 1"]);
  expect(publishes).toBe(1);
  for (const reader of readers) await reader.close();
});
