import { describe, expect, test } from "vitest";
import { forTerminal, jsonForTerminal, lineForTerminal, timeForTerminal } from "../src/for-terminal.ts";
import { Output, table } from "../src/output.ts";
import { shownAttributes } from "../src/shown-attributes.ts";
import { Writable } from "node:stream";

/** Clears the screen, writes over the line before, turns the text round, sends an answer, hides text, and half a character. */
const HOSTILE = "a\u001B[2J\u009B1A\u202Eb\u0007\u2066\u200F\uFEFF\u00AD\u{E0041}\u007F\rc\uD800";
const OBEYED =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF\u{E0000}-\u{E007F}]/u;

describe("text of others", () => {
  test("has nothing left that a terminal obeys, and everything can be seen", () => {
    const shown = String.raw`a\x1b[2J\x9b1A\u202eb\x07\u2066\u200f\ufeff\xad\u{e0041}\x7f\x0dc\ud800`;
    expect(forTerminal(HOSTILE)).toBe(shown);
    expect(lineForTerminal(HOSTILE)).toBe(shown);
  });

  test("keeps letters of all languages, emoji, tabs and lines, and makes one line of lines where one is wanted", () => {
    const text = "Grüße, 世界, שלום, सुबह, 👩‍👩‍👧\n\tnext";
    expect(forTerminal(text)).toBe(text);
    expect(lineForTerminal(text)).toBe(text.replace("\n\t", "\\n\\t"));
    expect(lineForTerminal("a\u2028b")).toBe(String.raw`a\u2028b`);
  });

  test("is bounded, and not cut within a character", () => {
    expect(lineForTerminal("x".repeat(1000))).toBe(`${"x".repeat(300)}… (700 more characters, --json has all)`);
    expect(lineForTerminal(`${"x".repeat(299)}😀y`)).toBe(`${"x".repeat(299)}… (3 more characters, --json has all)`);
    expect(forTerminal("x".repeat(150_000)).length).toBeLessThan(100_100);
  });

  test("is the same value in JSON", () => {
    const document = { [HOSTILE]: [HOSTILE, "Grüße"] };
    const json = jsonForTerminal(JSON.stringify(document, undefined, 2));
    expect(json).not.toMatch(OBEYED);
    expect(JSON.parse(json)).toEqual(document);
  });

  test("in attributes is quoted where it would look like another attribute", () => {
    expect(shownAttributes({ tenant: "acme", note: "a b=c", empty: "", quote: 'x"y', [HOSTILE]: "1" })).toBe(
      String.raw`tenant=acme note="a b=c" empty="" quote="x\"y" a\x1b[2J\x9b1A\u202eb\x07\u2066\u200f\ufeff\xad\u{e0041}\x7f\x0dc\ud800=1`,
    );
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, "v"]));
    expect(shownAttributes(many)).toMatch(/k19=v … \(10 more, --json has all\)$/);
  });

  test("in a table makes no row of its own", () => {
    expect(table(["ID"], [["a\nb"]]).split("\n")).toEqual(["ID", "a\\nb"]);
  });

  test("that is no time is said to be unknown", () => {
    expect(timeForTerminal(new Date(Number.NaN))).toBe("unknown");
  });
});

test("nothing that is obeyed leaves the command, whatever it is given", () => {
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString("utf8");
      done();
    },
  });
  for (const isJson of [true, false]) {
    const output = new Output({ stdout: stream, stderr: stream }, isJson);
    output.result({ a: HOSTILE }, () => HOSTILE);
    output.item({ a: HOSTILE }, () => HOSTILE);
    output.note(HOSTILE);
    output.error({ exitCode: 1, code: "UNKNOWN", message: HOSTILE, hint: HOSTILE });
  }
  expect(written.split("\n").length).toBeGreaterThan(8);
  expect(written).not.toMatch(OBEYED);
});
