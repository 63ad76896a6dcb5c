import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runCommand } from "../scripts/run-command.ts";
import { root } from "../scripts/workspaces.ts";
import { docsBlocks } from "./docs-blocks.ts";
import { readTracked, trackedFiles } from "./tracked-files.ts";

// The compiler needs processor time, and the other tests need it too: all documents took 3 s alone, and 31 s beside other tests.
vi.setConfig({ testTimeout: 120_000 });

const documents = trackedFiles.filter((path) => /(^|\/)README\.md$|^docs\/.*\.md$/.test(path));

// Inside the checkout, so that the examples find the packages; ignored by git; a dot, so that no tsconfig picks it up.
const folder = join(root, "test/.docs");
const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, incremental: false, rootDir: root };

/** Compiles documents (path to Markdown) and returns what the compiler says, as "path(line,column): error …". */
async function check(name: string, markdown: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const home = join(folder, name);
  const blocks = [...markdown].flatMap(([path, text]) => docsBlocks(text).map((block) => ({ path, ...block })));
  for (const { path, file, text, skipped } of blocks) {
    if (skipped !== undefined) continue;
    const target = join(home, path, file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  const include = ["./**/*.ts"];
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.test.json"), compilerOptions, include }),
  );
  if (blocks.every(({ skipped }) => skipped !== undefined)) return [];
  const compiler = join(root, "node_modules/.bin/tsc");
  const output = await runCommand(compiler, ["-p", home, "--pretty", "false"], home).catch(String);
  const errors = output.split("\n").filter((line) => / error TS\d+/.test(line));
  if (output !== "" && errors.length === 0) throw new Error(output);
  return errors.map((line) => line.replace(/^(.*)\/(?:line-\d+|[\w.-]+)\.ts\(/, "$1("));
}

beforeAll(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the examples of every document compile against the packages", async () => {
  expect(await check("all", new Map(documents.map((path) => [path, readTracked(path)])))).toEqual([]);
});

test("every source file that a document names exists", () => {
  const exists = (name: string): boolean => trackedFiles.some((path) => path === name || path.endsWith(`/${name}`));
  const wrong = [...documents, "CONTRIBUTING.md"].flatMap((path) =>
    [...readTracked(path).matchAll(/`((?:[\w.-]+\/)*[\w-]+(?:\.test)?\.ts)`/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !exists(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(wrong).toEqual([]);
});

describe("the check itself", () => {
  const fenced = (info: string, code: string): string => `# Title\n\n\`\`\`${info}\n${code}\n\`\`\`\n`;

  test("a wrong example is found at its line", async () => {
    const text = `${fenced("ts value.ts", "export const value = 1;")}${fenced(
      "ts",
      'import { value } from "./value.ts";\nconst text: string = value;',
    )}`;
    const found = await check("wrong", new Map([["docs/wrong.md", text]]));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^docs\/wrong\.md\(10,7\): error TS2322/);
  });

  test("an unknown export of a package is found", async () => {
    const text = fenced("ts", 'import { noSuchExport } from "@anytopic/core";\nnoSuchExport();');
    expect(await check("unknown", new Map([["README.md", text]]))).toEqual([
      expect.stringMatching(/^README\.md\(4,10\): error TS2305/),
    ]);
  });

  test("a block is skipped only with a reason", async () => {
    expect(docsBlocks(fenced("ts no-check: a sketch of what may come", "%"))).toMatchObject([
      { skipped: "a sketch of what may come" },
    ]);
    expect(() => docsBlocks(fenced("ts no-check", "%"))).toThrow("line 3: say why");
    expect(() => docsBlocks(fenced("ts nocheck", "%"))).toThrow('not "nocheck"');
  });
});
