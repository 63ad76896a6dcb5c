import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { OutgoingMessage } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";
import { encodeMessage } from "../src/codec.ts";
import { decodeMessage } from "../src/wire/decode-message.ts";
import { messageGroupId } from "../src/wire/fifo-ids.ts";

const TOPIC = "orders";

function outgoing(parts: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    id: "0190f5fe-7c00-7000-8000-000000000001",
    body: Buffer.from('{"total":1}'),
    attributes: {},
    orderingKey: undefined,
    publishTimeMs: 1_700_000_000_000,
    ...parts,
  };
}

/** The message as the queue delivers it. */
function received(message: OutgoingMessage, group?: string): Message {
  const { body, attributes } = encodeMessage(message, group);
  const facts = { SentTimestamp: "1700000000500", ...(group === undefined ? undefined : { MessageGroupId: group }) };
  return { MessageId: "broker-id", Body: body, MessageAttributes: attributes, Attributes: facts };
}

describe("what a foreign client sees", () => {
  test("ordinary JSON as the body, ordinary attributes as attributes, one of ours", () => {
    const { body, attributes } = encodeMessage(
      outgoing({ attributes: { tenant: "a", "x-trace.id": "ü 😀" } }),
      undefined,
    );
    expect(body).toBe('{"total":1}');
    expect(attributes).toEqual({
      tenant: { DataType: "String", StringValue: "a" },
      "x-trace.id": { DataType: "String", StringValue: "ü 😀" },
      anytopic: {
        DataType: "String",
        StringValue: '{"id":"0190f5fe-7c00-7000-8000-000000000001","time":1700000000000}',
      },
    });
  });

  test("base64, and a word that says so, for bytes that are not text", () => {
    const { body, attributes } = encodeMessage(outgoing({ body: Buffer.from([0xff, 0x00]) }), undefined);
    expect(body).toBe("/wA=");
    expect(JSON.parse(attributes["anytopic"]?.StringValue ?? "")).toMatchObject({ encoding: "base64" });
  });

  test("never more than ten attributes, and those beyond in ours", () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`a${index}`, `${index}`]));
    const { attributes } = encodeMessage(outgoing({ attributes: many }), undefined);
    expect(Object.keys(attributes)).toHaveLength(10);
    expect(JSON.parse(attributes["anytopic"]?.StringValue ?? "")).toMatchObject({
      attributes: { a9: "9", a10: "10", a11: "11" },
    });
  });
});

describe("round trip", () => {
  const bodies: readonly (readonly [string, Uint8Array])[] = [
    ["JSON", Buffer.from('{"a":"ü😀\\u0000"}')],
    ["nothing", new Uint8Array()],
    ["a control character", Buffer.from("a\u0001b")],
    ["a noncharacter", Buffer.from("a\uFFFEb")],
    ["line ends of every kind", Buffer.from("a\r\nb\rc\n\td")],
    ["all bytes", Uint8Array.from({ length: 256 }, (_, index) => index)],
    ["half a character", Buffer.from([0xe2, 0x82])],
    ["a byte order mark", Buffer.from("\uFEFF{}")],
    ["what looks encoded", Buffer.from("/wA=")],
    ["what stands for nothing", Buffer.from("-")],
    ["a view into a larger buffer", Buffer.from("xxabcxx").subarray(2, 5)],
  ];
  test.for(bodies)("body: %s", ([, body]) => {
    const decoded = decodeMessage(received(outgoing({ body })), TOPIC, false, "queue");
    expect(Buffer.compare(Buffer.from(decoded.body), Buffer.from(body))).toBe(0);
  });

  const odd: Record<string, string> = Object.create(null) as Record<string, string>;
  Object.assign(odd, { "": "no name", empty: "", "sp ace": "x", ünïcode: "😀", "AWS.x": "1", "amazon.y": "2" });
  Object.assign(odd, {
    ".dot": "a",
    "dot.": "b",
    "d..ot": "c",
    "per%cent": "%41",
    control: "\u0000\u001f",
    tab: "\t\r\n",
  });
  Object.assign(odd, { nonchar: "\uFFFE\uFFFF", ["k".repeat(300)]: "long", constructor: "c", toString: "s" });
  Object.defineProperty(odd, "__proto__", { value: "p", enumerable: true, configurable: true, writable: true });
  test("attributes of any kind", () => {
    const decoded = decodeMessage(received(outgoing({ attributes: odd })), TOPIC, false, "queue");
    expect(new Map(Object.entries(decoded.attributes))).toEqual(new Map(Object.entries(odd)));
    expect(Object.getPrototypeOf(decoded.attributes)).toBeNull();
  });

  const keys = ["plain", "with space", "ünïcode 😀", "x".repeat(200), "\u0001", "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"];
  test.for(keys)("ordering key %j", (orderingKey) => {
    const message = outgoing({ orderingKey });
    const group = messageGroupId(message);
    expect(group).toMatch(/^[!-~]{1,128}$/);
    expect(decodeMessage(received(message, group), TOPIC, true, "queue").orderingKey).toBe(orderingKey);
  });

  test("without an ordering key a FIFO message has none, though it has a group", () => {
    const message = outgoing();
    const decoded = decodeMessage(received(message, messageGroupId(message)), TOPIC, true, "queue");
    expect(decoded.orderingKey).toBeUndefined();
  });

  test("id and publish time are the publisher's", () => {
    const decoded = decodeMessage(received(outgoing()), TOPIC, false, "queue");
    expect(decoded).toMatchObject({ id: "0190f5fe-7c00-7000-8000-000000000001", publishTimeMs: 1_700_000_000_000 });
  });
});

describe("size", () => {
  test.for([
    outgoing(),
    outgoing({ body: new Uint8Array() }),
    outgoing({ body: Buffer.from("ü😀") }),
    outgoing({ body: Uint8Array.from([255, 254]), attributes: { ü: "ö", plain: "x" }, orderingKey: "k ü" }),
  ])("counts body, and name, type and value of each attribute, in bytes", (message) => {
    const { body, attributes, bytes } = encodeMessage(message, messageGroupId(message));
    let counted = Buffer.byteLength(body);
    for (const [name, { DataType = "", StringValue = "" }] of Object.entries(attributes)) {
      counted += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue);
    }
    expect(bytes).toBe(counted);
  });
});

describe("foreign messages", () => {
  test("without any attribute: the broker's id and time", () => {
    const decoded = decodeMessage(
      { MessageId: "m1", Body: "not JSON", Attributes: { SentTimestamp: "17" } },
      TOPIC,
      false,
      "queue",
    );
    expect(decoded).toMatchObject({ id: "m1", publishTimeMs: 17, orderingKey: undefined });
    expect(Buffer.from(decoded.body).toString()).toBe("not JSON");
  });

  test("a message group is the ordering key in FIFO, and nothing else is", () => {
    const message: Message = { MessageId: "m1", Body: "x", Attributes: { MessageGroupId: "g" } };
    expect(decodeMessage(message, TOPIC, true, "queue").orderingKey).toBe("g");
    expect(decodeMessage(message, TOPIC, false, "queue").orderingKey).toBeUndefined();
  });

  test("numbers and bytes come as text", () => {
    const MessageAttributes = {
      count: { DataType: "Number", StringValue: "3" },
      raw: { DataType: "Binary", BinaryValue: Uint8Array.from([255]) },
    };
    const decoded = decodeMessage({ MessageId: "m1", Body: "x", MessageAttributes }, TOPIC, false, "queue");
    expect({ ...decoded.attributes }).toEqual({ count: "3", raw: "/w==" });
  });

  test.for(["{", "null", "[]", '{"id":1}', '{"id":"a","time":"now"}', '{"id":"a","time":1,"attributes":{"x":1}}'])(
    "an attribute of our name with %s in it is nobody's",
    (StringValue) => {
      const MessageAttributes = { anytopic: { DataType: "String", StringValue } };
      expect(decodeMessage({ MessageId: "m1", Body: "x", MessageAttributes }, TOPIC, false, "queue")).toMatchObject({
        id: "m1",
      });
    },
  );

  const envelope = {
    Type: "Notification",
    MessageId: "sns-id",
    TopicArn: "arn:aws:sns:eu-west-1:123456789012:orders",
    Message: '{"total":2}',
    Timestamp: "2026-01-02T03:04:05.678Z",
    Signature: "abc",
    MessageAttributes: { tenant: { Type: "String", Value: "b" } },
  };
  test("the envelope of a subscription without raw delivery is taken off", () => {
    const decoded = decodeMessage({ MessageId: "m1", Body: JSON.stringify(envelope) }, TOPIC, false, "queue");
    expect(Buffer.from(decoded.body).toString()).toBe('{"total":2}');
    expect(decoded).toMatchObject({ id: "sns-id", publishTimeMs: Date.parse(envelope.Timestamp) });
    expect({ ...decoded.attributes }).toEqual({ tenant: "b" });
  });

  test("and so it is around a message of ours", () => {
    const { body, attributes } = encodeMessage(outgoing({ attributes: { "a b": "c" } }), undefined);
    const MessageAttributes = { anytopic: { Type: "String", Value: attributes["anytopic"]?.StringValue } };
    const text = JSON.stringify({ ...envelope, Message: body, MessageAttributes });
    const decoded = decodeMessage({ MessageId: "m1", Body: text }, TOPIC, false, "queue");
    expect(decoded.id).toBe("0190f5fe-7c00-7000-8000-000000000001");
    expect({ ...decoded.attributes }).toEqual({ "a b": "c" });
  });

  test.for([
    { ...envelope, TopicArn: "arn:aws:sns:eu-west-1:123456789012:other" },
    { ...envelope, Type: "SubscriptionConfirmation" },
    { ...envelope, Signature: undefined },
    { ...envelope, Message: 3 },
    { ...envelope, Timestamp: "yesterday" },
  ])("an event that only looks like an envelope stays as it is: %#", (value) => {
    const Body = JSON.stringify(value);
    expect(Buffer.from(decodeMessage({ MessageId: "m1", Body }, TOPIC, false, "queue").body).toString()).toBe(Body);
  });

  test("an event of ours that is a perfect envelope is not taken apart", () => {
    const body = Buffer.from(JSON.stringify(envelope));
    expect(Buffer.from(decodeMessage(received(outgoing({ body })), TOPIC, false, "queue").body)).toEqual(body);
  });
});

describe("what a publisher can write", () => {
  const RECORD = '{"reason":"rejected","last":1}';
  const text = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });
  const ofMetadata = (part: object, Attributes: Message["Attributes"] = {}): Message => ({
    MessageId: "m1",
    Body: "x",
    Attributes: { SentTimestamp: "17", ...Attributes },
    MessageAttributes: { anytopic: text(JSON.stringify({ id: "a", time: 1, ...part })), user: text("x") },
  });

  test.each([-1, 1e300, 8_640_000_000_000_001])("a time of %d is the broker's", (time) => {
    expect(decodeMessage(ofMetadata({ time }), TOPIC, false, "queue").publishTimeMs).toBe(17);
  });

  test.each([" ", "a b", "é", "\u001B[2J", "i".repeat(129)])("an id that cannot be ours, %j, is the broker's", (id) => {
    expect(decodeMessage(ofMetadata({ id }), TOPIC, false, "queue").id).toBe("m1");
  });

  test("a key counts when it is that of the message group", () => {
    const keyOf = (key: string | null, MessageGroupId: string): string | undefined =>
      decodeMessage(ofMetadata({ key }, { MessageGroupId }), TOPIC, true, "queue").orderingKey;
    expect(keyOf("victim", "mine")).toBe("mine");
    expect(keyOf("k ü", messageGroupId({ ...outgoing(), orderingKey: "k ü" }))).toBe("k ü");
    expect(keyOf(null, "mine")).toBeUndefined();
  });

  test("a dead-letter record is believed in a letter that was sent there, by whichever attribute it came", () => {
    const plain: Message = { ...ofMetadata({}), MessageAttributes: { "anytopic-dead-letter": text(RECORD) } };
    for (const message of [plain, ofMetadata({ attributes: { "anytopic-dead-letter": RECORD } })]) {
      const recordIn = (one: Message, origin: "queue" | "letters"): string | undefined =>
        decodeMessage(one, TOPIC, false, origin).attributes["anytopic-dead-letter"];
      expect(recordIn(message, "letters")).toBe(RECORD);
      expect(recordIn(message, "queue")).toBeUndefined();
      const DeadLetterQueueSourceArn = "arn:aws:sqs:eu-west-1:000000000000:orders_mail";
      const moved = { ...message, Attributes: { ...message.Attributes, DeadLetterQueueSourceArn } };
      expect(recordIn(moved, "letters")).toBeUndefined();
    }
  });

  test("an envelope is no way around that", () => {
    const envelope = {
      Type: "Notification",
      MessageId: "\u001B[2J",
      TopicArn: `arn:aws:sns:eu-west-1:000000000000:${TOPIC}`,
      Message: "x",
      Timestamp: "-000001-01-01T00:00:00Z",
      Signature: "s",
      MessageAttributes: { "anytopic-dead-letter": { Type: "String", Value: RECORD } },
    };
    const message: Message = { MessageId: "m1", Body: JSON.stringify(envelope), Attributes: { SentTimestamp: "17" } };
    const decoded = decodeMessage(message, TOPIC, false, "queue");
    expect(decoded).toMatchObject({ id: "m1", publishTimeMs: 17 });
    expect({ ...decoded.attributes }).toEqual({});
    expect(Buffer.from(decoded.body).toString()).toBe("x");
  });
});
