import { describe, expect, test } from "vitest";
import { publishable, workspaces } from "../scripts/workspaces.ts";
import { fileProblems } from "./file-rules.ts";
import { readTracked, trackedFiles } from "./tracked-files.ts";

const binary = /\.(png|jpg|gif|ico|woff2?|gz|tgz|zip|bin)$/;

test("tracked files keep the rules of the repository", () => {
  const problems = trackedFiles
    .filter((path) => !binary.test(path))
    .flatMap((path) => fileProblems(path, readTracked(path)).map((problem) => `${path}: ${problem}`));
  expect(problems).toEqual([]);
});

test("every test file belongs to a project of vitest.workspace.ts", () => {
  const folders = ["", ...workspaces.map(({ folder }) => `${folder}/`)];
  const lost = trackedFiles
    .filter((path) => /\.(test|spec)\.[cm]?[jt]sx?$/.test(path))
    .filter((path) => !folders.some((folder) => path.startsWith(`${folder}test/`) && path.endsWith(".test.ts")));
  expect(lost).toEqual([]);
});

test("every published package carries the licence", () => {
  const copies = publishable.map(({ folder }) => readTracked(`${folder}/LICENSE`));
  expect(new Set(copies)).toEqual(new Set([readTracked("LICENSE")]));
});

describe("the rules themselves", () => {
  // The forbidden words are put together here, so that this file keeps the rules too.
  const slash = "/";
  const registry = ["regis", "try"].join("");
  const unfinished = ["TO", "DO"].join("");
  const long = "const a = 1;\n".repeat(301);
  test.for([
    ["a path of a machine", "docs/a.md", `see ${slash}home/someone/anytopic`],
    ["a path of a machine", "docs/a.md", `see ${slash}Users/someone/anytopic`],
    ["a registry", ".npmrc", `${registry}=https://packages.example`],
    ["a registry", "docs/a.md", `https://${registry}.npmjs.org/x`],
    ["a download address", "package-lock.json", '{ "resolved": "https://packages.example/x.tgz" }'],
    ["over 300 lines", "core/src/a.ts", long],
    ["a note of unfinished work", "core/src/a.ts", `// ${unfinished} later`],
    ["time of its own", "adapters/nats/src/a.ts", "const atMs = Date.now();"],
    ["time of its own", "core/src/a.ts", "setTimeout(run, 5);"],
    ["a file name", "core/src/someFile.ts", ""],
    ["a file name", "core/src/utils.ts", ""],
  ] as const)("%s is found in %s", ([, path, text]) => {
    expect(fileProblems(path, text)).toHaveLength(1);
  });

  test.for([
    ["package-lock.json", '{ "resolved": "adapters/nats", "link": true }'],
    ["core/src/a.ts", `// Over 300 lines: one table.\n${long}`],
    ["core/src/base/clock.ts", "const atMs = performance.now();"],
    ["adapters/aws/src/a.ts", "socket.setTimeout(5);"],
    ["docs/a.md", "text\n".repeat(400)],
    ["core/src/a.ts", "const a = 1;\n".repeat(300)],
  ] as const)("%s is left alone", ([path, text]) => {
    expect(fileProblems(path, text)).toEqual([]);
  });
});
