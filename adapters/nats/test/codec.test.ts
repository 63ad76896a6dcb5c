import { MsgHdrsImpl, type MsgHdrs } from "@nats-io/nats-core";
import type { OutgoingMessage } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";
import { decodeHeaders, encodeHeaders, headerRefusal, sizeOf } from "../src/codec.ts";
import { MAX_HEADER_BYTES } from "../src/limits.ts";
import { readHeaders } from "../src/wire/read-headers.ts";

const NO_ATTRIBUTES = Object.freeze(Object.create(null) as Record<string, string>);

function message(changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    id: "id-1",
    body: Buffer.from("{}"),
    attributes: NO_ATTRIBUTES,
    orderingKey: undefined,
    publishTimeMs: 5,
    ...changes,
  };
}

/** As another client would read it. */
function read(block: string): MsgHdrs {
  return MsgHdrsImpl.decode(Buffer.from(block));
}

function withAttributes(entries: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(entries));
}

describe("headers", () => {
  test("a plain message has its id and nothing else", () => {
    expect(encodeHeaders(message(), "event")).toBe("NATS/1.0\r\nNats-Msg-Id: id-1\r\n\r\n");
  });

  test("readable attributes stay readable, without a marker", () => {
    const attributes = withAttributes([
      ["source", "web 100%"],
      ["Größe", "x"],
    ]);
    expect(encodeHeaders(message({ attributes: withAttributes([["source", "web 100% ü"]]) }), "event")).toBe(
      "NATS/1.0\r\nNats-Msg-Id: id-1\r\nsource: web 100% ü\r\n\r\n",
    );
    expect(read(encodeHeaders(message({ attributes }), "event")).get("Gr%C3%B6%C3%9Fe")).toBe("x");
  });

  test.each([
    ["control characters", "a", "x\r\nNats-Rollup: all\u0000\t"],
    ["spaces at the ends", "a", "  x  "],
    ["only spaces", "a", "   "],
    ["an empty value", "a", ""],
    ["percent signs beside what needs escaping", "%41 ", "%42\n"],
    ["a lone percent sign", " %", "%"],
    ["a colon in the name", "a:b", "x"],
    ["an empty name", "", "x"],
    ["the name of a server header", "Nats-Msg-Id", "other"],
    ["the name of a server header in lower case", "nats-expected-stream", "other"],
    ["__proto__", "__proto__", "x"],
    ["Unicode beyond the BMP", "\u{1f600} key", "\u{1f600}\u2028\ufeff"],
    ["letters that fold to ASCII ones", "\u212Aey \u017F", "\u212A"],
    ["a byte order mark at the end", "a", "x\ufeff"],
  ])("attributes round-trip exactly: %s", (_, name, value) => {
    const attributes = withAttributes([
      [name, value],
      ["plain", "100%"],
    ]);
    if (name === "__proto__") Object.defineProperty(attributes, name, { value, enumerable: true });
    const decoded = decodeHeaders(Buffer.from(encodeHeaders(message({ attributes }), "event")), "event");
    expect(Object.getPrototypeOf(decoded.attributes)).toBeNull();
    expect(new Map(Object.entries(decoded.attributes))).toEqual(new Map(Object.entries(attributes)));
    expect(decoded.id).toBe("id-1");
  });

  test.each(["k", " k ", "ключ", "a\nb", "%"])("the ordering key %j round-trips", (orderingKey) => {
    expect(decodeHeaders(Buffer.from(encodeHeaders(message({ orderingKey }), "event")), "event").orderingKey).toBe(
      orderingKey,
    );
  });

  test.each([" id ", "100%", "%20 "])("the id %j round-trips, with and without odd attributes", (id) => {
    const odd = withAttributes([["a b", "c"]]);
    for (const attributes of [NO_ATTRIBUTES, odd]) {
      expect(decodeHeaders(Buffer.from(encodeHeaders(message({ id, attributes }), "event")), "event").id).toBe(id);
    }
    const idHeader = (attributes: Record<string, string>): string =>
      read(encodeHeaders(message({ id, attributes }), "event")).get("Nats-Msg-Id");
    expect(idHeader(odd)).toBe(idHeader(NO_ATTRIBUTES));
  });

  test("letters and redriven messages keep id and time, and are not deduplicated", () => {
    const letter = encodeHeaders(message({ publishTimeMs: 1234.5 }), "letter");
    expect(read(letter).has("Nats-Msg-Id")).toBe(false);
    expect(decodeHeaders(Buffer.from(letter), "letter")).toMatchObject({ id: "id-1", publishTimeMs: 1235 });
    const redriven = Buffer.from(encodeHeaders(message(), { redrivenTo: "mail" }));
    expect(decodeHeaders(redriven, "redriven")).toMatchObject({ id: "id-1", publishTimeMs: 5 });
  });
});

describe("headers of other producers", () => {
  const block = (lines: string): Uint8Array => Buffer.from(`NATS/1.0\r\n${lines}\r\n`);

  test("there need not be any", () => {
    const nothing = {
      id: undefined,
      attributes: {},
      orderingKey: undefined,
      publishTimeMs: undefined,
      redrivenTo: undefined,
      undecodable: undefined,
    };
    expect(decodeHeaders(new Uint8Array(0), "event")).toEqual(nothing);
    expect(decodeHeaders(block(""), "event")).toEqual(nothing);
    expect(decodeHeaders(Buffer.from("NATS/1.0 503 No Responders\r\n\r\n"), "event")).toEqual(nothing);
  });

  test("are attributes as they are, joined when repeated; the server's are not", () => {
    const foreign = block(
      "x-tag: 100%41\r\nx-tag:b\r\nNats-Expected-Stream: s\r\nanytopic-dead-letter: {}\r\nanytopic-published: yesterday\r\n",
    );
    expect(decodeHeaders(foreign, "event")).toMatchObject({ attributes: { "x-tag": "100%41, b" } });
    expect(Object.keys(decodeHeaders(foreign, "event").attributes)).toEqual(["x-tag"]);
    expect(decodeHeaders(foreign, "letter").attributes["anytopic-dead-letter"]).toBe("{}");
  });

  test("ours are believed where the subject proves who wrote them, and nowhere else", () => {
    const claims = block(
      "Nats-Msg-Id: mine\r\nanytopic-id: another's\r\nanytopic-published: 5\r\nanytopic-redriven-to: nobody\r\n",
    );
    expect(decodeHeaders(claims, "event")).toMatchObject({
      id: "mine",
      publishTimeMs: undefined,
      redrivenTo: undefined,
      attributes: {},
    });
    expect(decodeHeaders(claims, "redriven")).toMatchObject({ id: "another's", publishTimeMs: 5 });
    expect(decodeHeaders(block("Nats-Msg-Id: first\r\nNats-Msg-Id: second\r\n"), "event").id).toBe("first");
  });

  test("ids and times that nobody made are not believed", () => {
    expect(decodeHeaders(block(`Nats-Msg-Id: ${"x".repeat(60_000)}\r\n`), "event").id).toBeUndefined();
    expect(decodeHeaders(block("anytopic-published: 9007199254740991\r\n"), "letter").publishTimeMs).toBeUndefined();
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ["a space in a name", "NATS/1.0\r\na b: c\r\n\r\n", /not printable ASCII/],
    ["no name", "NATS/1.0\r\n: c\r\n\r\n", /not printable ASCII/],
    ["a control character in a name", "NATS/1.0\r\na\u0000: c\r\n\r\n", /not printable ASCII/],
    ["a letter beyond ASCII in a name", "NATS/1.0\r\nGröße: c\r\n\r\n", /not printable ASCII/],
    ["another version", "NATS/2.0\r\na: c\r\n\r\n", /begin with NATS/],
    ["a version that goes on", "NATS/1.0x\r\na: c\r\n\r\n", /begin with NATS/],
    ["a line without a colon", "NATS/1.0\r\nabc\r\na: b\r\n\r\n", /without a colon/],
    ["an empty line before the end", "NATS/1.0\r\n\r\na: b\r\n\r\n", /without a colon/],
    ["no empty line", "NATS/1.0\r\na: b\r\n", /empty line/],
    ["a part of the first line, because the length is a lie", "NATS/", /begin with NATS/],
    ["a lone CR in a value", "NATS/1.0\r\na: b\rc\r\n\r\n", /line break/],
    ["a lone LF in a value", "NATS/1.0\r\nNats-Msg-Id: b\nc\r\n\r\n", /line break/],
    ["bytes that are no UTF-8", Buffer.from("NATS/1.0\r\na: \xff\r\n\r\n", "latin1"), /UTF-8/],
  ])("what cannot be read is kept: %s", (_, bytes, expected) => {
    const decoded = decodeHeaders(Buffer.from(bytes as string), "event");
    expect(decoded.undecodable?.message).toMatch(expected);
    expect(decoded.id).toBeUndefined();
    expect(Buffer.from(decoded.attributes["anytopic-raw-headers"] ?? "", "base64")).toEqual(
      Buffer.from(bytes as string),
    );
  });

  test("thousands of short lines are read, each once", () => {
    const many = block(Array.from({ length: 9000 }, (_, n) => `${n.toString(36)}:\r\n`).join(""));
    const seen: string[] = [];
    expect(readHeaders(many, (name) => seen.push(name))).toBeUndefined();
    expect(seen).toHaveLength(9000);
  });
});

describe("sizeOf", () => {
  test.each([
    ["a plain message", message()],
    ["one with a key", message({ orderingKey: "ключ" })],
    ["one with attributes", message({ attributes: withAttributes([["ä b", "ü\n"]]) })],
  ])("counts what the server counts: %s", (_, sample) => {
    const block = encodeHeaders(sample, "event");
    expect(sizeOf(sample)).toBe(Buffer.byteLength(block) + sample.body.length);
  });

  test.each([
    ["x", 1000],
    ["ü", 500],
    ["\u0001\u0002", 170],
  ])("headers that JetStream cannot store are refused, with both numbers: %j", (text, times) => {
    const attributes = withAttributes(Array.from({ length: 100 }, (_, n) => [`ä ${n}`, text.repeat(times)] as const));
    const large = message({ attributes, orderingKey: "ключ" });
    const bytes = Buffer.byteLength(encodeHeaders(large, "event"));
    expect(bytes).toBeGreaterThan(MAX_HEADER_BYTES);
    expect(sizeOf(large)).toBe(bytes + large.body.length);
    expect(headerRefusal(large)).toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringContaining(`are ${bytes} bytes together`),
    });
    expect(headerRefusal(message({ attributes: withAttributes([["ä", "x".repeat(1024)]]) }))).toBeUndefined();
  });

  test("a name that was encoded to be taken for one of ours stays as it was written", () => {
    const lines =
      "anytopic%2Ddead-letter: {}\r\n%61nytopic-raw-headers: eA==\r\na%3Ab: x%0A\r\nanytopic-encoded: a\r\n";
    for (const origin of ["event", "redriven", "letter"] as const) {
      const { attributes } = decodeHeaders(Buffer.from(`NATS/1.0\r\n${lines}\r\n`), origin);
      expect({ ...attributes }).toEqual({
        "anytopic%2Ddead-letter": "{}",
        "%61nytopic-raw-headers": "eA==",
        "a:b": "x\n",
      });
    }
  });
});
