import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pageFile, siteLink } from "../page-paths.ts";
import { entriesOf, sections } from "../sidebar.ts";

const root = join(import.meta.dirname, "../..");
const listed = entriesOf(sections).map(([, source]) => source);
const pages = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
})
  .toString()
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)) && pageFile(path) !== undefined);

test("every page is in the sidebar, except the home page", () => {
  expect(pages.filter((path) => path !== "docs/index.md" && !listed.includes(path))).toEqual([]);
});

test("every entry of the sidebar has its page, and is there once", () => {
  expect(listed.filter((path, at) => !existsSync(join(root, path)) || listed.indexOf(path) !== at)).toEqual([]);
});

test("titles are short", () => {
  const long = entriesOf(sections).filter(([title, path]) => title.length > 28 && !path.startsWith("docs/adr/"));
  expect(long).toEqual([]);
});

test.each([
  ["docs/guides/outbox.md", "../../packages/outbox/README.md#use", "/packages/outbox#use"],
  ["docs/guides/outbox.md", "inbox.md", "/guides/inbox"],
  ["README.md", "docs/index.md", "/"],
  ["README.md", "adapters/nats", "/adapters/nats"],
  ["docs/errors/timeout.md", "index.md#a", "/errors/#a"],
  [
    "docs/architecture.md",
    "../core/src/driver.ts",
    "https://github.com/anytopic/anytopic/blob/main/core/src/driver.ts",
  ],
  ["docs/architecture.md", "../core/src", "https://github.com/anytopic/anytopic/tree/main/core/src"],
  ["docs/architecture.md", "https://nats.io", "https://nats.io"],
  ["docs/architecture.md", "#words", "#words"],
])("in %s, %s leads to %s", (from, href, expected) => {
  expect(siteLink(from, href)).toBe(expected);
});
