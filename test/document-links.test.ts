import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { anchorsOf, brokenLinks } from "./document-links.ts";
import { readTracked, trackedFiles } from "./tracked-files.ts";

const documents = trackedFiles.filter((path) => path.endsWith(".md") && !/(^|\/)CHANGELOG\.md$|fixtures\//.test(path));
const files = new Set(trackedFiles);
const folders = new Set(trackedFiles.flatMap((path) => ancestors(path)));

function ancestors(path: string): readonly string[] {
  const folder = posix.dirname(path);
  return folder === "." ? [] : [folder, ...ancestors(folder)];
}

const read = (path: string): string | undefined => (files.has(path) ? readTracked(path) : undefined);
/** The API reference is written when the site is built, and the build checks the links to it. */
const exists = (path: string): boolean =>
  files.has(path) || folders.has(path) || /^docs\/reference\/api(\/|$)/.test(path);

test("every link of every document leads to a file, a folder or a heading", () => {
  expect(documents.flatMap((path) => brokenLinks(path, read, exists))).toEqual([]);
});

describe("the check itself", () => {
  const texts = new Map([
    ["docs/a.md", "# `One` and two\n\n## Step\n\n## Step\n\n```sh\n# no heading\n```\n\n### Last {#end}\n"],
    ["docs/b.md", "[no](c.md) `[code](x.md)`\n\n[no](a.md#no-heading) [yes](a.md#one-and-two) ![no](images/x.png)\n"],
  ]);
  const broken = (path: string): readonly string[] =>
    brokenLinks(
      path,
      (name) => texts.get(name),
      (name) => texts.has(name),
    );

  test("finds files and headings that do not exist, and no code", () => {
    expect(broken("docs/b.md")).toEqual([
      "docs/b.md:1: c.md: there is no docs/c.md",
      "docs/b.md:3: a.md#no-heading: docs/a.md has no heading with this anchor",
      "docs/b.md:3: images/x.png: there is no docs/images/x.png",
    ]);
  });

  test("knows the anchors of headings", () => {
    expect([...anchorsOf(texts.get("docs/a.md") ?? "")]).toEqual(["one-and-two", "step", "step-1", "end"]);
  });
});
