import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PubSubError, type PubSubErrorCode } from "@anytopic/core";
import { expect, test } from "vitest";
import { root } from "../scripts/workspaces.ts";

const folder = join(root, "docs/errors");
const source = readFileSync(join(root, "core/src/base/errors.ts"), "utf8");
const specs = readFileSync(join(root, "core/src/connections/specs.ts"), "utf8");

/** The table of the docstring of `PubSubErrorCode`. */
const codes = [...source.matchAll(/^ \* \| `([A-Z_]+)` \| (.*) \| (.*) \|$/gm)].map(
  ([, code = "", meaning, fixer]) => ({
    code: code as PubSubErrorCode,
    meaning,
    fixer,
    page: `${code.toLowerCase().replaceAll("_", "-")}.md`,
  }),
);

const BEGIN = "<!-- error codes: UPDATE_DOCS=1 npm run test:unit -- error-pages.test.ts -->\n";
const END = "<!-- end of error codes -->";

test("every error code has a page, and every page a code", () => {
  expect(codes.length).toBeGreaterThan(10);
  expect(readdirSync(folder).toSorted()).toEqual(["index.md", ...codes.map(({ page }) => page)].toSorted());
  for (const { code, page } of codes)
    expect(readFileSync(join(folder, page), "utf8")).toMatch(new RegExp(`^# ${code}\n`));
});

test("a message ends with the address of its page, once, also when it contains the message of another error", () => {
  for (const { code, page } of codes) {
    const inner = new PubSubError("CLOSED", "it was closed.");
    const { message } = new PubSubError(code, `topic "x": ${inner.message}`, { cause: inner });
    const [, what, path] =
      /^(.*)\. See https:\/\/github\.com\/anytopic\/anytopic\/blob\/main\/(\S+)$/.exec(message) ?? [];
    expect(what).toBe('topic "x": it was closed');
    expect(path).toBe(`docs/errors/${page}`);
    expect(existsSync(join(root, path ?? ""))).toBe(true);
  }
});

test("a page says whether the call may be retried as the error does", () => {
  for (const { code, page } of codes) {
    const [, answer] = /\*\*Retry the call:\*\* (\w+)/.exec(readFileSync(join(folder, page), "utf8")) ?? [];
    expect(`${code}: ${answer === "yes"}`).toBe(`${code}: ${new PubSubError(code, "x").retryable}`);
  }
});

test("every refused capability has a heading", () => {
  const page = readFileSync(join(folder, "not-supported.md"), "utf8");
  const named = [...specs.matchAll(/'(\w+): "(?:none|inbox)"'|"(\w+)(?:\.maxMs)?", \w+(?:\.maxMs)?\);/g)].map(
    ([, a, b]) => a ?? b ?? "",
  );
  for (const capability of ["ackDeadline", "publishDelay", ...named]) {
    expect(page).toContain(`## ${capability}\n`);
  }
  expect(new Set(named).size).toBeGreaterThanOrEqual(5);
});

test("the list of codes is that of the code", () => {
  const path = join(folder, "index.md");
  const text = readFileSync(path, "utf8");
  const rows = codes.map(({ code, meaning, fixer, page }) => {
    const { retryable } = new PubSubError(code, "x");
    return `| [\`${code}\`](${page}) | ${meaning} | ${fixer} | ${retryable ? "yes" : "no"} |`;
  });
  const table = [
    "| code | meaning | who may fix it | the same call may succeed later |",
    "| --- | --- | --- | --- |",
    ...rows,
  ];
  const [before = "", rest = ""] = text.split(BEGIN);
  const wanted = `${before}${BEGIN}\n${table.join("\n")}\n\n${END}${rest.split(END)[1]}`;
  if (process.env["UPDATE_DOCS"] !== undefined) return writeFileSync(path, wanted);
  // The formatter aligns tables.
  const plain = (markdown: string): string => markdown.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
  expect(plain(text)).toBe(plain(wanted));
});
