import { bytesCodec, defineTopic } from "@anytopic/core";
import { describe, expect, test } from "vitest";

import { jsonProblem } from "../src/letters/json-problem.ts";
import { compactJson, prettyJson } from "../src/letters/json-text.ts";
import { maskedMessage } from "../src/letters/masked-message.ts";
import { bytesOf, shownLetterBody } from "../src/letters/shown-body.ts";
import { diffLines } from "../ui/src/screens/letters/diff-lines.ts";
import { cutText, visibleText } from "../ui/src/parts/visible-text.ts";

describe("masked messages", () => {
  test.each([
    ["no account 17", "no account #"],
    ["can't find 'north' in the user's list", "can't find “…” in the user's list"],
    ["order 0d8e1b2c-9a53-4f0a-8b7e-7f3a9c12aabb: 1,234.50 EUR", "order #: # EUR"],
    ["trace 4bf92f3577b34da6a3ce929d0e0e4736 of cus_N4a8Kq01LmZpQrS7", "trace # of #"],
    ["Beefed up: effaced facade", "Beefed up: effaced facade"],
    ['Unexpected token "}" at 12:30:05\n  in line 3', "Unexpected token “…” at # in line #"],
    ["", ""],
  ])("%s", (message, masked) => expect(maskedMessage(message)).toBe(masked));

  test("500 characters of anything take no time", () => {
    const startMs = performance.now();
    for (const part of ["'", '"', "a-", "1", "#", "0x", "f", "_1a"]) maskedMessage(part.repeat(500));
    expect(performance.now() - startMs).toBeLessThan(200);
  });
});

describe("JSON for people", () => {
  test("is spread over lines, and keeps every number, key and text as it was", () => {
    const json = '{"a":[1e400,12345678901234567890,{}],"a":"x, {y}","b":[],"c":{"d":null}}';
    const pretty =
      '{\n  "a": [\n    1e400,\n    12345678901234567890,\n    {}\n  ],\n  "a": "x, {y}",\n  "b": [],\n  "c": {\n    "d": null\n  }\n}';
    expect(prettyJson(json)).toBe(pretty);
    expect(compactJson(pretty)).toBe(json);
  });

  test("shows what is invisible as an escape, and means the same", () => {
    const json = JSON.stringify({ note: "a\u202eb\u{e0001}" });
    expect(prettyJson(json)).toContain('"a\\u202eb\\udb40\\udc01"');
    expect(JSON.parse(prettyJson(json))).toEqual(JSON.parse(json));
  });

  test("that is as deep as it is long stays small", () => {
    const json = "[".repeat(100_000) + "]".repeat(100_000);
    expect(prettyJson(json).length).toBeLessThan(2 * 1024 * 1024);
  });
});

test.each([
  ['{"a":1,}', "line 1, column 8: a name in double quotes is missing"],
  ["{\n  a: 1\n}", "line 2, column 3: a name in double quotes or } is missing"],
  ['{"a" 1}', "line 1, column 6: a colon is missing after the name"],
  ['{"a":}', "line 1, column 6: a value is missing"],
  ['{"a":1 "b":2}', "line 1, column 8: a comma or the closing bracket is missing"],
  ["[1,2", "line 1, column 5: a comma or the closing bracket is missing"],
  ["[1,2}", "line 1, column 5: a comma or the closing bracket is missing"],
  ["[,]", "line 1, column 2: a value or ] is missing"],
  ['["a\nb"]', "line 1, column 2: the text is not closed, or has a line break or a wrong \\"],
  ['"a', "line 1, column 1: the text is not closed"],
  ["01", "line 1, column 1: a value is missing"],
  ["1 2", "line 1, column 3: there is more after the end"],
  ["", "line 1, column 1: a value is missing"],
  ["NaN", "line 1, column 1: a value is missing"],
])("%j is not JSON, and the place is told", (text, problem) =>
  expect(jsonProblem(text)).toContain(`not JSON at ${problem}`),
);

test("what JSON.parse takes has no problem, and every cut of it has one", () => {
  const json = '{"a":[1,-2.5e+3,true,null,"\\u00e9\\n"],"b":{}}';
  expect(jsonProblem(json)).toBeUndefined();
  for (let end = 0; end < json.length; end += 1)
    expect(jsonProblem(json.slice(0, end))).toContain("not JSON at line 1");
});

describe("bodies", () => {
  const json = defineTopic("json");
  const bytes = defineTopic<Uint8Array>("bytes", { codec: "bytes" });
  const reversed = defineTopic("own", {
    codec: {
      name: "reversed",
      encode: (value) => Buffer.from(JSON.stringify(value)).toReversed(),
      decode: (body) => JSON.parse(Buffer.from(body.toReversed()).toString()) as unknown,
    },
  });

  test("of JSON, text, and neither", () => {
    expect(shownLetterBody(json, Buffer.from('{"a":1}'))).toMatchObject({
      form: "json",
      body: '{\n  "a": 1\n}',
      undecodable: null,
    });
    expect(shownLetterBody(json, Buffer.from("hello"))).toMatchObject({
      form: "text",
      body: "hello",
      undecodable: expect.stringContaining("SyntaxError"),
    });
    expect(shownLetterBody(bytes, bytesCodec.encode(Buffer.from([0xff, 0, 0x0a])))).toMatchObject({
      form: "hex",
      body: "ff 00 0a",
    });
  });

  test("of the application's own codec are shown as what it makes of them, and go back through it", () => {
    const body = Buffer.from(Buffer.from('{"a":[1]}').toReversed());
    const shown = shownLetterBody(reversed, body);
    expect(shown).toMatchObject({ form: "value", body: '{\n  "a": [\n    1\n  ]\n}' });
    expect(Buffer.from(bytesOf(reversed, { form: "value", text: shown.body }))).toEqual(body);
  });

  test("of 1 MB are cut, at a whole character, and say so", () => {
    const text = shownLetterBody(json, Buffer.from(`"x${"é".repeat(500_000)}"`));
    expect(text).toMatchObject({ form: "text", isCut: true });
    expect(Buffer.byteLength(text.body)).toBeLessThanOrEqual(256 * 1024);
    expect(text.body).not.toContain("\uFFFD");
    const binary = shownLetterBody(bytes, Buffer.alloc(1_000_000, 0xff));
    expect(binary).toMatchObject({ form: "hex", isCut: true });
    expect(binary.body.length).toBeLessThan(200_000);
  });

  test("in hexadecimal are read with spaces, and refused with an odd digit", () => {
    expect([...bytesOf(bytes, { form: "hex", text: "ff 0a\n01" })]).toEqual([255, 10, 1]);
    expect(() => bytesOf(bytes, { form: "hex", text: "ff 0" })).toThrow("not hexadecimal");
    expect(() => bytesOf(bytes, { form: "text", text: "\ud800" })).toThrow("lone surrogate");
  });
});

test("a difference shows what was removed and added, with three lines around, and leaves out the rest", () => {
  const before = Array.from({ length: 60 }, (_, n) => `line ${n}`);
  const after = before.with(30, "changed").toSpliced(40, 1);
  const lines = diffLines(before.join("\n"), after.join("\n"));
  expect(lines.filter(({ kind }) => kind === "removed").map(({ text }) => text)).toEqual(["line 30", "line 40"]);
  expect(lines.filter(({ kind }) => kind === "added").map(({ text }) => text)).toEqual(["changed"]);
  expect(lines.filter(({ kind }) => kind === "skipped").map(({ text }) => text)).toEqual([
    "27 lines that stay as they are",
    "3 lines that stay as they are",
    "16 lines that stay as they are",
  ]);
});

test("what strangers write has no invisible characters on the page, and is never cut within one", () => {
  expect(visibleText("a\u202eb\u0000\n\u{e0001}")).toBe("a\\u202eb\\u0000\\n\\u{e0001}");
  expect(visibleText("a\nb\tc", { keepsLines: true })).toBe("a\nb\tc");
  expect(cutText("ab\u{1f600}", 3)).toBe("ab");
});
