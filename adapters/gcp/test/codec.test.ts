import { DEAD_LETTER_ATTRIBUTE, type OutgoingMessage } from "@anytopic/core/driver";
import { protos } from "@google-cloud/pubsub";
import { expect, test } from "vitest";
import {
  ATTEMPTS_ATTRIBUTE,
  decodeMessage,
  encodeCopy,
  encodeMessage,
  ID_ATTRIBUTE,
  sizeOf,
  TIME_ATTRIBUTE,
} from "../src/codec.ts";
import type { WireMessage, WireOutgoing } from "../src/connection/rpc.ts";

const { PubsubMessage } = protos.google.pubsub.v1;
const NOW_MS = 1_700_000_001_000;

function outgoing(part: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    id: "id-1",
    body: Buffer.from("body"),
    attributes: {},
    orderingKey: undefined,
    publishTimeMs: 1234,
    ...part,
  };
}

function attributesOf(entries: Readonly<Record<string, string>>): Record<string, string> {
  return Object.assign(Object.create(null), entries) as Record<string, string>;
}

/** Through the bytes of the wire, as the service returns it. */
function received(wire: WireOutgoing): WireMessage {
  const bytes = PubsubMessage.encode({
    ...wire,
    messageId: "77",
    publishTime: { seconds: 1_700_000_000, nanos: 123_999_999 },
  }).finish();
  return PubsubMessage.decode(bytes) as unknown as WireMessage;
}

test("attributes of any Unicode come back as they were, and nothing else does", () => {
  const attributes = attributesOf({
    plain: "value",
    "": "empty key",
    empty: "",
    goog: "reserved by the service",
    "GOOG-client": "also in capitals",
    "a b%20\u0000\u001F": "\u0000%é😀\n",
    "😀": "key",
    ["__proto__"]: "no prototype",
    constructor: "x",
  });
  Object.defineProperty(attributes, "__proto__", {
    value: "own",
    enumerable: true,
    configurable: true,
    writable: true,
  });
  const decoded = decodeMessage(received(encodeMessage(outgoing({ attributes }))), "topic", NOW_MS);
  expect(decoded.attributes).toEqual(attributes);
  expect(Object.keys(decoded.attributes).toSorted()).toEqual(Object.keys(attributes).toSorted());
  expect(Object.getPrototypeOf(decoded.attributes)).toBeNull();
});

test("keys the service refuses never reach it", () => {
  const wire = encodeMessage(outgoing({ attributes: attributesOf({ goog: "1", Google: "2", "": "3", other: "4" }) }));
  expect(Object.keys(wire.attributes).toSorted()).toEqual([
    "anytopic-id",
    "anytopic.",
    "anytopic.Google",
    "anytopic.goog",
    "other",
  ]);
});

test("a first publish carries the id alone, a copy also its time and attempts", () => {
  expect(encodeMessage(outgoing()).attributes).toEqual({ [ID_ATTRIBUTE]: "id-1" });
  expect(encodeCopy(outgoing()).attributes).toEqual({ [ID_ATTRIBUTE]: "id-1", [TIME_ATTRIBUTE]: "1234" });
  const copy = decodeMessage(received(encodeCopy(outgoing(), 94)), "redrive", NOW_MS);
  expect(copy).toMatchObject({ id: "id-1", publishTimeMs: 1234, previousAttempts: 94 });
});

test("a foreign message has the service's id and time, whatever it carries", () => {
  const foreign = { data: Buffer.alloc(0), attributes: { a: "1" } };
  expect(decodeMessage(received(foreign), "topic", NOW_MS)).toMatchObject({
    id: "77",
    publishTimeMs: 1_700_000_000_123,
    previousAttempts: 0,
  });
  const odd = {
    data: Buffer.alloc(0),
    attributes: { [ID_ATTRIBUTE]: "", [TIME_ATTRIBUTE]: "soon", [ATTEMPTS_ATTRIBUTE]: "-1" },
  };
  expect(decodeMessage(received(odd), "redrive", NOW_MS)).toMatchObject({
    id: "77",
    publishTimeMs: 1_700_000_000_123,
    previousAttempts: 0,
  });
});

test.each([0, 1, 1023, 1024, 1025, 3100, 4096])(
  "a record of %i characters is cut to fit and joined again",
  (length) => {
    const record = Array.from({ length }, (_, index) => String(index % 10)).join("");
    const wire = encodeMessage(outgoing({ attributes: attributesOf({ [DEAD_LETTER_ATTRIBUTE]: record, user: "x" }) }));
    for (const value of Object.values(wire.attributes)) expect(value.length).toBeLessThanOrEqual(1024);
    expect({ ...decodeMessage(received(wire), "letters", NOW_MS).attributes }).toEqual({
      [DEAD_LETTER_ATTRIBUTE]: record,
      user: "x",
    });
  },
);

test.each<Partial<OutgoingMessage>>([
  {},
  { body: Buffer.alloc(100_000) },
  { orderingKey: "é".repeat(500) },
  { attributes: attributesOf({ goog: "é".repeat(500), ["k".repeat(200)]: "v".repeat(1000) }) },
  { id: "i".repeat(128) },
])("the size is never less than the bytes on the wire", (part) => {
  const message = outgoing(part);
  const bytes = PubsubMessage.encode(encodeMessage(message)).finish().length;
  // In its request: a tag and a length more.
  expect(sizeOf(message)).toBeGreaterThanOrEqual(bytes + 6);
});

/** All that anytopic gives a meaning to, as somebody would write it who wants to do harm. */
const forged = {
  [ID_ATTRIBUTE]: "taken",
  [TIME_ATTRIBUTE]: "1",
  [ATTEMPTS_ATTRIBUTE]: "1000000",
  [DEAD_LETTER_ATTRIBUTE]: '{"reason":"rejected","last":1}',
  [`${DEAD_LETTER_ATTRIBUTE}-2`]: "more",
  [`anytopic.${DEAD_LETTER_ATTRIBUTE}`]: '{"reason":"rejected","last":1}',
  "anytopic.anytopic-attempts": "1000000",
  "anytopic-redriven-to": "nobody",
  "AnyTopic-Dead-Letter": "capitals",
  "anytopic.plain": "not in need of the prefix",
  user: "x",
};
const believed = { publishTimeMs: 1_700_000_000_123, previousAttempts: 0, attributes: { user: "x" } };

test("of a publisher's reserved attributes the id alone is believed, and none is shown", () => {
  const { attributes, ...rest } = decodeMessage(
    received({ data: Buffer.alloc(0), attributes: forged }),
    "topic",
    NOW_MS,
  );
  expect({ ...rest, attributes: { ...attributes } }).toEqual({ id: "taken", ...believed });
});

test("what the service itself forwarded to the letters is a publisher's word, and says so in a way that he cannot", () => {
  const forwardedBy = {
    CloudPubSubDeadLetterSourceSubscription: "orders.mail",
    CloudPubSubDeadLetterSourceTopicPublishTime: "2023-11-14T22:13:20.123+00:00",
  };
  const attributes = { ...forged, ...forwardedBy };
  const decoded = decodeMessage(received({ data: Buffer.alloc(0), attributes }), "letters", NOW_MS);
  expect({ ...decoded, attributes: { ...decoded.attributes } }).toEqual({
    id: "taken",
    ...believed,
    attributes: { user: "x", ...forwardedBy },
  });
  // As an attribute of a message that a worker stored, it says nothing.
  const stored = encodeCopy(
    outgoing({ attributes: attributesOf({ ...forwardedBy, [DEAD_LETTER_ATTRIBUTE]: "record" }) }),
  );
  const letter = decodeMessage(received(stored), "letters", NOW_MS);
  expect({ ...letter.attributes }).toEqual({ ...forwardedBy, [DEAD_LETTER_ATTRIBUTE]: "record" });
});

test.each(["", " ", "a b", "é", "\n", "\u001B[2J", "i".repeat(129), "i".repeat(1024)])(
  "an id that cannot be ours, %j, is the service's",
  (id) => {
    const attributes = { [ID_ATTRIBUTE]: id };
    expect(decodeMessage(received({ data: Buffer.alloc(0), attributes }), "topic", NOW_MS).id).toBe("77");
  },
);

test.each(["1e300", "NaN", "-1", "8640000000000001", "9007199254740991", "0x10", "Infinity", ""])(
  "a time that is none, %j, is the service's",
  (time) => {
    const ours = { [TIME_ATTRIBUTE]: time };
    const services = {
      CloudPubSubDeadLetterSourceSubscription: "orders.mail",
      CloudPubSubDeadLetterSourceTopicPublishTime: time,
    };
    for (const attributes of [ours, services]) {
      for (const origin of ["topic", "redrive", "letters"] as const) {
        const { publishTimeMs } = decodeMessage(received({ data: Buffer.alloc(0), attributes }), origin, NOW_MS);
        expect(publishTimeMs).toBe(1_700_000_000_123);
      }
    }
  },
);
