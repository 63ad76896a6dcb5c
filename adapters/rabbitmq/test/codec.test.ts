import type { OutgoingMessage } from "@anytopic/core/driver";
import type { Message, Options } from "amqplib";
import { expect, test } from "vitest";
import { decodeMessage, encodeProperties } from "../src/codec.ts";
import { headerRefusal, sizeOf } from "../src/wire/message-bytes.ts";
import { encodeAgain } from "../src/wire/encode-again.ts";
import { markUnreadable, unreadable } from "../src/connection/guard-frames.ts";
import { MAX_HEADER_BYTES } from "../src/limits.ts";

const NOW_MS = 1_795_000_000_123;

function outgoing(more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const body = new TextEncoder().encode("body");
  return { id: "m1", body, attributes: {}, orderingKey: undefined, publishTimeMs: NOW_MS, ...more };
}

/** As the broker delivers it. */
function received(
  properties: Options.Publish,
  content: Uint8Array = new Uint8Array(),
  redelivered = false,
  exchange = "e",
): Message {
  const fields = { deliveryTag: 1, redelivered, exchange, routingKey: exchange === "" ? "q" : "" };
  return { fields, properties: { headers: {}, ...properties }, content: Buffer.from(content) } as unknown as Message;
}

test("id, body, attributes, key and publish time to the millisecond come back", () => {
  const attributes = Object.freeze({ plain: "text", "": "empty key", empty: "", "ü €": "\u0000 %41 \u{1F600}" });
  const message = outgoing({ attributes, orderingKey: "k" });
  const decoded = decodeMessage(received(encodeProperties(message, 5, undefined), message.body), 0);
  expect(decoded).toMatchObject({ id: "m1", orderingKey: "k", publishTimeMs: NOW_MS, attempt: 1, order: 5 });
  expect({ ...decoded.attributes }).toEqual(attributes);
  expect(Object.getPrototypeOf(decoded.attributes)).toBeNull();
  expect(Buffer.from(decoded.body).toString()).toBe("body");
});

test.each(["CC", "BCC", "__proto__", "timestamp_in_ms", "x-death", "x-delivery-count", "x-first-death-queue"])(
  "an attribute named %s is no header of that name, and comes back as it was",
  (key) => {
    const attributes = Object.create(null) as Record<string, string>;
    attributes[key] = "mine";
    const properties = encodeProperties(outgoing({ attributes }), undefined, undefined);
    expect(Object.entries(properties.headers as object)).not.toContainEqual([key, "mine"]);
    const decoded = decodeMessage(received(properties), 0);
    expect(Object.entries(decoded.attributes)).toEqual([[key, "mine"]]);
    expect(decoded).toMatchObject({ attempt: 1, publishTimeMs: NOW_MS });
  },
);

test("native fields are what a foreign reader expects", () => {
  expect(encodeProperties(outgoing(), undefined, "application/json")).toEqual({
    deliveryMode: 2,
    messageId: "m1",
    timestamp: Math.trunc(NOW_MS / 1000),
    contentType: "application/json",
    headers: { timestamp_in_ms: NOW_MS },
  });
});

const UUID_V7 = "01a1ee0e-d27b-7000-8000-000000000000";
const UUID_V7_MS = 0x01a1_ee0e_d27b;

test("an id that begins with the publish time tells it, and no header does", () => {
  const message = outgoing({ id: UUID_V7, publishTimeMs: UUID_V7_MS });
  const properties = encodeProperties(message, undefined, undefined);
  expect(properties.headers).toBeUndefined();
  expect(decodeMessage(received(properties), 0)).toMatchObject({ id: UUID_V7, publishTimeMs: UUID_V7_MS });
});

test.each([
  ["another time than its id", UUID_V7, UUID_V7_MS + 1],
  ["an id of another version", UUID_V7.replace("-7", "-4"), UUID_V7_MS],
])("a message with %s keeps its publish time to the millisecond", (_what, id, publishTimeMs) => {
  const properties = encodeProperties(outgoing({ id, publishTimeMs }), undefined, undefined);
  expect(properties.headers).toEqual({ timestamp_in_ms: publishTimeMs });
  expect(decodeMessage(received(properties), 0).publishTimeMs).toBe(publishTimeMs);
});

test("a foreign message's timestamp counts more than its id", () => {
  const timestamp = Math.trunc(UUID_V7_MS / 1000) - 5;
  expect(decodeMessage(received({ messageId: UUID_V7, timestamp }), 0).publishTimeMs).toBe(timestamp * 1000);
  expect(decodeMessage(received({ messageId: UUID_V7 }), NOW_MS).publishTimeMs).toBe(NOW_MS);
});

test("headers of every type become text", () => {
  const headers = {
    text: "t",
    number: 1.5,
    yes: true,
    nothing: null,
    date: { "!": "timestamp", value: 1_795_000_000 },
    decimal: { "!": "decimal", value: { places: 2, digits: 1234 } },
    utf8: Buffer.from("é"),
    bytes: Buffer.from([0xff, 0x00]),
    table: { a: 1, b: Buffer.from("x") },
    list: [1, "two", { "!": "timestamp", value: 0 }],
  };
  expect({ ...decodeMessage(received({ headers }), 0).attributes }).toEqual({
    text: "t",
    number: "1.5",
    yes: "true",
    nothing: "",
    date: new Date(1_795_000_000_000).toISOString(),
    decimal: "12.34",
    utf8: "é",
    bytes: "/wA=",
    table: '{"a":1,"b":"x"}',
    list: '[1,"two","1970-01-01T00:00:00.000Z"]',
  });
});

test("a message without id is known by its contents, the same after a redelivery", () => {
  const first = decodeMessage(received({ type: "t" }, Buffer.from("a")), NOW_MS);
  const again = decodeMessage(
    received({ type: "t", headers: { "x-delivery-count": 2, "x-death": [] } }, Buffer.from("a"), true),
    0,
  );
  expect(first).toMatchObject({ id: again.id, publishTimeMs: NOW_MS, attempt: 1 });
  expect(again).toMatchObject({ attempt: 3, acquired: 2 });
  expect(decodeMessage(received({ type: "t" }, Buffer.from("b")), 0).id).not.toBe(first.id);
  expect(decodeMessage(received({ type: "u" }, Buffer.from("a")), 0).id).not.toBe(first.id);
});

test("a return that the broker does not count as an attempt is known all the same, on redeliveries only", () => {
  const headers = { "x-delivery-count": 1, "x-acquired-count": 2 };
  expect(decodeMessage(received({ headers }, undefined, true), 0)).toMatchObject({ attempt: 2, acquired: 2 });
  expect(decodeMessage(received({ headers }), 0)).toMatchObject({ attempt: 1, acquired: 0 });
});

test("a timestamp is read in seconds, and in milliseconds where somebody wrote those", () => {
  expect(decodeMessage(received({ timestamp: 1_795_000_000 }), 0).publishTimeMs).toBe(1_795_000_000_000);
  expect(decodeMessage(received({ timestamp: NOW_MS }), 0).publishTimeMs).toBe(NOW_MS);
});

/** As the wait queue dead-letters it. */
const fromWaitQueue = (properties: Options.Publish, redelivered = false): Message => {
  const headers = { ...(properties.headers as object), "x-death": [{ queue: "q.wait.128ms", reason: "expired" }] };
  return received({ ...properties, headers }, undefined, redelivered, "");
};

test("a retry keeps what it got, adds up the attempt, and says nothing that the broker would refuse", () => {
  const headers = { mine: 1, CC: ["x"], "x-delivery-count": 3, "anytopic-attempt": 4 };
  const message = fromWaitQueue({ headers, userId: "somebody", expiration: "5", type: "t", contentType: "c" }, true);
  expect(decodeMessage(message, 0).attempt).toBe(7);
  const { properties: retry } = encodeAgain(message, { id: "id", attempt: 8, delayMs: 1500 }, 65_536);
  expect(retry).toMatchObject({ messageId: "id", type: "t", contentType: "c", expiration: "1500", deliveryMode: 2 });
  expect(retry.headers).toEqual({ mine: 1, "anytopic-attempt": 8 });
  expect(retry).not.toHaveProperty("userId");
  expect(decodeMessage(fromWaitQueue(retry), 0)).toMatchObject({ id: "id", attempt: 8 });
});

test("headers that do not fit go behind the body, and come back", () => {
  const headers = { text: "x".repeat(500), number: 5, nan: { "!": "double", value: 1.5 }, ["y".repeat(300)]: "long" };
  const message = received({ headers, messageId: "m" }, Buffer.from("body"));
  const { body, properties } = encodeAgain(message, { id: "m", attempt: 2 }, 400);
  expect(Object.keys(properties.headers as object)).toEqual(["anytopic-attempt", "anytopic-body-bytes"]);
  const back = decodeMessage(received(properties, body, false, ""), 0);
  expect(back).toMatchObject({ id: "m", attempt: 2 });
  expect(Buffer.from(back.body).toString()).toBe("body");
  expect({ ...back.attributes }).toEqual({ ...decodeMessage(message, 0).attributes });
  // Only messages that were written directly to the queue are read so.
  expect(Buffer.from(decodeMessage(received(properties, body), 0).body)).toEqual(body);
});

test("attributes that fit one by one but not together are refused, with both numbers", () => {
  const attributes = Object.fromEntries([0, 1, 2].map((index) => [`key-${index}`, "x".repeat(20_000)]));
  expect(headerRefusal(attributes)).toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: expect.stringMatching(/attributes are 600\d\d bytes together: RabbitMQ carries at most 57344/),
  });
  expect(headerRefusal({ key: "x".repeat(32_768) })).toBeUndefined();
});

test("the size counts body, id, key and attributes", () => {
  const small = sizeOf(outgoing());
  expect(sizeOf(outgoing({ body: new Uint8Array(1004) }))).toBe(small + 1000);
  expect(sizeOf(outgoing({ attributes: { k: "ü" } }))).toBe(small + 1 + 2 + 6);
  expect(sizeOf(outgoing({ orderingKey: "k" }))).toBeGreaterThan(small);
});

test("what could not be read is known as such when it comes again, and no publisher can say so", () => {
  const message = received({ messageId: "m1" });
  markUnreadable(message.properties);
  const { body, properties } = encodeAgain(message, { id: "m1", attempt: 2 }, MAX_HEADER_BYTES);
  const again = received(properties, body, false, "");
  expect(decodeMessage(again, 0)).toMatchObject({ id: "m1", attempt: 2, attributes: {} });
  expect(unreadable(again)).toMatchObject({ code: "REJECTED" });
  const published = received(properties, body);
  expect({ ...decodeMessage(published, 0).attributes }).toEqual({});
  expect(unreadable(published)).toBeUndefined();
  const { properties: next } = encodeAgain(published, { id: "m1", attempt: 2 }, MAX_HEADER_BYTES);
  expect(next.headers).toEqual({ "anytopic-attempt": 2 });
});
