import { headers, MsgHdrsImpl, type MsgHdrs } from "@nats-io/nats-core";
import type { OutgoingMessage } from "@anytopic/core/driver";
import { describe, expect, test } from "vitest";
import { decodeHeaders, encodeHeaders, headerRefusal, sizeOf } from "../src/codec.ts";
import { MAX_HEADER_BYTES } from "../src/limits.ts";

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
    const decoded = decodeHeaders(read(encodeHeaders(message({ attributes }), "event")), false);
    expect(Object.getPrototypeOf(decoded.attributes)).toBeNull();
    expect(new Map(Object.entries(decoded.attributes))).toEqual(new Map(Object.entries(attributes)));
    expect(decoded.id).toBe("id-1");
  });

  test.each(["k", " k ", "ключ", "a\nb", "%"])("the ordering key %j round-trips", (orderingKey) => {
    expect(decodeHeaders(read(encodeHeaders(message({ orderingKey }), "event")), false).orderingKey).toBe(orderingKey);
  });

  test.each([" id ", "100%", "%20 "])("the id %j round-trips, with and without odd attributes", (id) => {
    const odd = withAttributes([["a b", "c"]]);
    for (const attributes of [NO_ATTRIBUTES, odd]) {
      expect(decodeHeaders(read(encodeHeaders(message({ id, attributes }), "event")), false).id).toBe(id);
    }
    const idHeader = (attributes: Record<string, string>): string =>
      read(encodeHeaders(message({ id, attributes }), "event")).get("Nats-Msg-Id");
    expect(idHeader(odd)).toBe(idHeader(NO_ATTRIBUTES));
  });

  test("letters and redriven messages keep id and time, and are not deduplicated", () => {
    const letter = read(encodeHeaders(message({ publishTimeMs: 1234.5 }), "letter"));
    expect(letter.has("Nats-Msg-Id")).toBe(false);
    expect(decodeHeaders(letter, true)).toMatchObject({ id: "id-1", publishTimeMs: 1235 });
    const redriven = decodeHeaders(read(encodeHeaders(message(), { redrivenTo: "mail" })), false);
    expect(redriven).toMatchObject({ id: "id-1", publishTimeMs: 5, redrivenTo: "mail" });
  });
});

describe("headers of other producers", () => {
  test("there need not be any", () => {
    expect(decodeHeaders(undefined, false)).toEqual({
      id: undefined,
      attributes: {},
      orderingKey: undefined,
      publishTimeMs: undefined,
      redrivenTo: undefined,
    });
  });

  test("are attributes as they are, joined when repeated; the server's are not", () => {
    const foreign = headers();
    foreign.append("x-tag", "100%41");
    foreign.append("x-tag", "b");
    foreign.append("Nats-Expected-Stream", "s");
    foreign.append("anytopic-dead-letter", "{}");
    foreign.append("anytopic-published", "yesterday");
    expect(decodeHeaders(foreign, false)).toMatchObject({
      attributes: { "x-tag": "100%41, b" },
      publishTimeMs: undefined,
    });
    expect(Object.keys(decodeHeaders(foreign, false).attributes)).toEqual(["x-tag"]);
    expect(decodeHeaders(foreign, true).attributes["anytopic-dead-letter"]).toBe("{}");
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
});
