import type { OutgoingMessage } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";
import {
  decodeFields,
  encodeDated,
  encodeFields,
  idOf,
  type Origin,
  RAW_FIELDS_ATTRIBUTE,
  sizeOf,
} from "../src/codec.ts";
import { AGAIN_FIELD, readEntry } from "../src/wire/entry.ts";
import { packedFields, unpackedFields } from "../src/wire/fields.ts";

type Field = string | Buffer;

function attributesOf(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const attributes = Object.create(null) as Record<string, string>;
  for (const [name, value] of entries) attributes[name] = value;
  return attributes;
}

function message(changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const body = Buffer.from("{}");
  return { id: "id-1", body, attributes: attributesOf([]), orderingKey: undefined, publishTimeMs: 5, ...changes };
}

const bytes = (fields: readonly Field[]): Buffer[] => fields.map((field) => Buffer.from(field as string));
const decode = (fields: readonly Field[], origin: Origin = "event") => {
  const content = decodeFields(bytes(fields), origin);
  return { ...content, id: idOf(content) };
};

describe("what we write", () => {
  test("a plain message has its body and its id, and nothing else", () => {
    expect(encodeFields(message()).map(String)).toEqual(["data", "{}", "anytopic-id", "id-1"]);
  });

  test("a body that is given as text is sent as text, and has the same size", () => {
    const body = Buffer.from('{"a":1}');
    const asText = message({ body, bodyText: '{"a":1}' });
    expect(encodeFields(asText)).toEqual(["data", '{"a":1}', "anytopic-id", "id-1"]);
    expect(sizeOf(asText)).toBe(sizeOf(message({ body })));
  });

  test.each([
    ["a", "x"],
    ["data", "not the body"],
    ["DATA", "x"],
    ["__proto__", "x"],
    ["constructor", ""],
    ["a\u0000b\r\n", "\u0000\u001b"],
    ["\u{1f600} key", "\u{1f600}\u2028\ufeff"],
    ["\ufeffa", "\ufeff"],
    [" ", "  "],
  ])("the attribute %j round-trips", (name, value) => {
    const attributes = attributesOf([[name, value]]);
    const decoded = decode(encodeFields(message({ attributes, orderingKey: "k" })));
    expect(Object.getPrototypeOf(decoded.attributes)).toBeNull();
    expect(Object.entries(decoded.attributes)).toEqual([[name, value]]);
    expect(decoded).toMatchObject({ id: "id-1", orderingKey: "k", undecodable: undefined });
    expect(String(decoded.body)).toBe("{}");
  });

  test.each([Buffer.alloc(0), Buffer.from([0, 255, 254, 13, 10]), Buffer.from("anytopic-id")])(
    "any bytes are a body",
    (body) => {
      expect(decode(encodeFields(message({ body }))).body).toEqual(body);
    },
  );

  test("the body of a larger buffer is the body alone", () => {
    const body = new Uint8Array(Buffer.from("before{}after").buffer, Buffer.from("").byteOffset, 0);
    expect(encodeFields(message({ body }))[1]).toHaveLength(0);
    const part = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect(encodeFields(message({ body: part }))[1]).toEqual(Buffer.from([2, 3]));
  });

  test("its size is that of all names and values", () => {
    const attributes = attributesOf([
      ["ä", "ü"],
      ["data", "x"],
    ]);
    const whole = message({ attributes, orderingKey: "ключ", body: Buffer.from("12345") });
    expect(sizeOf(whole)).toBe(Buffer.concat(bytes(encodeFields(whole))).length);
  });
});

describe("what a stranger writes", () => {
  test.each<[string, readonly Field[], object]>([
    ["nothing", [], { id: undefined, orderingKey: undefined, undecodable: undefined }],
    ["two ids", ["anytopic-id", "a", "anytopic-id", "b"], { id: "a" }],
    ["an empty id", ["anytopic-id", ""], { id: undefined }],
    ["a very long id", ["anytopic-id", "x".repeat(2000)], { id: undefined }],
    ["two keys", ["anytopic-key", "a", "anytopic-key", "b"], { orderingKey: "a" }],
    ["an empty key first", ["anytopic-key", "", "anytopic-key", "b"], { orderingKey: undefined, keyBytes: undefined }],
    ["a key that is no text", ["anytopic-key", Buffer.from([0xff])], { orderingKey: "base64:/w==" }],
    ["a time", ["anytopic-published", "1"], { publishTimeMs: undefined }],
    ["an odd number of values", ["a", "b", "c"], { attributes: { a: "b" } }],
    ["a name twice", ["a", "b", "a", "c"], { attributes: { a: "b, c" } }],
    ["our names", ["anytopic-again", "9 0-0 1 1", "anytopic-dead-letter", "{}", "anytopicx", "y"], { attributes: {} }],
    ["a record by way of our escape", ["anytopic-attribute:anytopic-dead-letter", "{}"], { attributes: {} }],
  ])("%s", (_, fields, expected) => {
    const { attributes, ...rest } = decode(["data", "{}", ...fields]);
    expect({ ...rest, attributes: { ...attributes } }).toMatchObject(expected);
  });

  test("the first body counts", () => {
    expect(String(decode(["data", "a", "data", "b"]).body)).toBe("a");
  });

  test.each<[string, readonly Field[]]>([
    ["name", [Buffer.from([0xff]), "x"]],
    ["value", ["a", Buffer.from([0xc3])]],
  ])("a %s that is no text makes the message undecodable, and the fields are kept", (what, fields) => {
    const { undecodable, attributes, body, id } = decode(["anytopic-id", "i", ...fields, "data", "{}"]);
    expect(undecodable?.message).toBe(`the message cannot be read: the ${what} of a field is not UTF-8`);
    expect([String(body), id]).toEqual(["{}", "i"]);
    const raw = Buffer.from(attributes[RAW_FIELDS_ATTRIBUTE] ?? "", "base64");
    expect(unpackedFields(raw)).toEqual(bytes(["anytopic-id", "i", ...fields]));
  });
});

test("letters and redriven messages keep their time, and only letters have a record", () => {
  const attributes = attributesOf([["anytopic-dead-letter", "{}"]]);
  const fields = encodeDated(message({ attributes, publishTimeMs: 1234.5 }));
  expect(decode(fields, "letter")).toMatchObject({ publishTimeMs: 1235, attributes: { "anytopic-dead-letter": "{}" } });
  expect(decode(fields, "redriven")).toMatchObject({ publishTimeMs: 1235 });
  expect(decode(fields, "redriven").attributes).toEqual({});
});

describe("entries", () => {
  const id = Buffer.from("17-3");
  test("of the topic are first attempts, whatever they say", () => {
    const entry = readEntry("t", [id, bytes([AGAIN_FIELD, "7 1-0 1 1", "data", "x"])]);
    expect(entry).toMatchObject({ place: "t17-3", originId: "17-3", failed: 0 });
    expect(String(entry.content.body)).toBe("x");
  });

  test("of what is redelivered tell their origin and their failures, by position", () => {
    const entry = readEntry("a", [id, bytes([AGAIN_FIELD, "2 1-0 1 0", AGAIN_FIELD, "9 9-9 1 0", "data", "x"])]);
    expect(entry).toMatchObject({ place: "a17-3", originId: "1-0", failed: 2, content: { attributes: {} } });
  });

  test("may be packed", () => {
    const packed = packedFields(bytes(["data", "x", "", "", "a", "b"]));
    const entry = readEntry("a", [
      id,
      bytes([AGAIN_FIELD, "1 1-0 1 1", "anytopic-key", "k", "anytopic-packed", packed]),
    ]);
    expect({ ...entry.content.attributes }).toEqual({ "": "", a: "b" });
    expect(String(entry.content.body)).toBe("x");
  });

  test("that nobody of us can have written do no harm", () => {
    for (const control of ["", "x", "1e99 1-0 1 0", "1 1-0 1", "9".repeat(500)])
      expect(readEntry("a", [id, bytes([AGAIN_FIELD, control, "data", "x"])]).failed).toBe(0);
    expect(readEntry("a", [id, []])).toMatchObject({ failed: 0, content: { idBytes: undefined } });
    expect(
      readEntry("a", [id, bytes([AGAIN_FIELD, "0 1-0 0 1", "anytopic-packed", "\u0000\u0000\u0000\u0009x"])]),
    ).toMatchObject({
      failed: 0,
    });
  });
});
