import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { commandProblems } from "./docs-commands.ts";
import { compileErrors } from "./docs-compile.ts";
import { configProblems } from "./docs-configs.ts";
import { docsHome, docsPage, writePage } from "./docs-pages.ts";
import { programProblem } from "./docs-programs.ts";
import { vitestProblems } from "./docs-vitest.ts";
import { readTracked, trackedFiles } from "./tracked-files.ts";

// The compiler needs processor time, and the other tests need it too: all documents took 3 s alone, and 31 s beside other tests.
// Programs wait for each other besides.
vi.setConfig({ testTimeout: 600_000 });

const documents = trackedFiles.filter((path) => /(^|\/)README\.md$|^docs\/.*\.md$/.test(path));
const home = join(docsHome, "all");
const pages = documents.map((path) => docsPage("all", path, readTracked(path)));
const programs = pages.flatMap((page) =>
  page.blocks
    .filter(({ run }) => run !== undefined && run.on !== "vitest")
    .map((block) => ({ name: `${page.path}:${block.line}`, page, block })),
);

const problemsIn = (check: (markdown: string) => readonly string[]): readonly string[] =>
  documents.flatMap((path) => check(readTracked(path)).map((problem) => `${path}:${problem}`));

beforeAll(() => {
  rmSync(home, { recursive: true, force: true });
  pages.forEach(writePage);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("the examples of every document compile against the packages", async () => {
  expect(await compileErrors(home)).toEqual([]);
});

describe("the programs of the documents print what the documents say", () => {
  test.concurrent.for(programs)("$name", async ({ page, block }, { expect }) => {
    expect(await programProblem(page, block)).toBeUndefined();
  });
});

test("the tests in the documents pass", async () => {
  expect(await vitestProblems(home, pages)).toEqual([]);
});

test("no example imports from the command line's package, which only re-exports core", () => {
  const wrong = documents.filter((path) =>
    /^\s*(?:import|export)\b[^;]*from "anytopic(?:\/[^"]*)?"/m.test(readTracked(path)),
  );
  expect(wrong).toEqual([]);
});

test("the configurations in the documents fit the schema", () => {
  expect(problemsIn(configProblems)).toEqual([]);
});

test("the commands in the documents exist, with these options", () => {
  expect(problemsIn(commandProblems)).toEqual([]);
});

test("every source file that a document names exists", () => {
  const exists = (name: string): boolean => trackedFiles.some((path) => path === name || path.endsWith(`/${name}`));
  const ofPage = new Map(pages.map(({ path, blocks }) => [path, new Set(blocks.map(({ file }) => file))]));
  const wrong = [...documents, "CONTRIBUTING.md"].flatMap((path) =>
    [...readTracked(path).matchAll(/`((?:[\w.-]+\/)*[\w-]+(?:\.test)?\.ts)`/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !exists(name) && ofPage.get(path)?.has(name) !== true)
      .map((name) => `${path}: ${name}`),
  );
  expect(wrong).toEqual([]);
});
