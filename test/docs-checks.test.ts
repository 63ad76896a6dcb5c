import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { docsBlocks } from "./docs-blocks.ts";
import { commandProblems } from "./docs-commands.ts";
import { compileErrors } from "./docs-compile.ts";
import { configProblems } from "./docs-configs.ts";
import { docsHome, type DocsPage, docsPage, writePage } from "./docs-pages.ts";
import { programProblem } from "./docs-programs.ts";
import { vitestProblems } from "./docs-vitest.ts";

// The checks of `docs.test.ts` are checked here: each must find what is wrong, and where.
vi.setConfig({ testTimeout: 120_000 });

const homes = new Set<string>();
const fenced = (info: string, code: string): string => `# Title\n\n\`\`\`${info}\n${code}\n\`\`\`\n`;

function written(home: string, path: string, markdown: string): DocsPage {
  const page = docsPage(home, path, markdown);
  homes.add(join(docsHome, home));
  writePage(page);
  return page;
}

async function compiled(home: string, path: string, markdown: string): Promise<readonly string[]> {
  written(home, path, markdown);
  return await compileErrors(join(docsHome, home));
}

async function ran(home: string, markdown: string, timeoutMs?: number): Promise<string | undefined> {
  const page = written(home, "docs/page.md", markdown);
  const block = page.blocks.find(({ run }) => run !== undefined);
  return await programProblem(page, block!, timeoutMs);
}

afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

describe("compiled blocks", () => {
  test("a wrong example is found at its line", async () => {
    const use = fenced("ts", 'import { value } from "./value.ts";\nconst text: string = value;');
    const text = `${fenced("ts value.ts", "export const value = 1;")}${use}`;
    expect(await compiled("wrong", "docs/wrong.md", text)).toEqual([
      expect.stringMatching(/^docs\/wrong\.md\(10,7\): error TS2322/),
    ]);
  });

  test("an unknown export of a package is found", async () => {
    const text = fenced("ts", 'import { noSuchExport } from "@anytopic/core";\nnoSuchExport();');
    expect(await compiled("unknown", "README.md", text)).toEqual([
      expect.stringMatching(/^README\.md\(4,10\): error TS2305/),
    ]);
  });

  test("a block is skipped only with a reason, and marked only in known ways", () => {
    expect(docsBlocks(fenced("ts no-check: a sketch of what may come", "%"))).toMatchObject([
      { skipped: "a sketch of what may come" },
    ]);
    expect(() => docsBlocks(fenced("ts no-check", "%"))).toThrow("line 3: say why");
    expect(() => docsBlocks(fenced("ts nocheck", "%"))).toThrow('not "nocheck"');
    expect(() => docsBlocks(fenced("ts main.ts run kafka", "%"))).toThrow('line 3: after "ts" comes');
    expect(() => docsBlocks("text\n```ts\n1")).toThrow("line 2: the block is never closed");
  });
});

describe("programs", () => {
  const hello = (output: string): string =>
    `${fenced("ts main.ts run", 'console.log("hello");')}${fenced("text output", output)}`;

  test("one that prints what the page says is right", async () => {
    expect(await ran("right", hello("hello"))).toBeUndefined();
  });

  test("one that prints something else is found", async () => {
    expect(await ran("prints", hello("goodbye"))).toMatch(
      /^docs\/page\.md:3: main\.ts prints something else[^]*hello\n--- the page says\ngoodbye\n$/,
    );
  });

  test("one that fails is found, with the line of the page", async () => {
    const text = `${fenced("ts main.ts run", 'throw new Error("no");')}${fenced("text output", "")}`;
    expect(await ran("fails", text)).toMatch(/^docs\/page\.md:3: main\.ts ends with exit code 1[^]*main\.ts:4[^]*no/);
  });

  test("one that does not end is found, and ended", async () => {
    const text = `${fenced("ts main.ts run", "setInterval(() => {}, 1000);")}${fenced("text output", "")}`;
    expect(await ran("endless", text, 500)).toMatch(/^docs\/page\.md:3: main\.ts does not end within 0\.5 s/);
  });

  test("a program without its output, and an output without its program, are found", () => {
    const alone = fenced("ts main.ts run", "1");
    expect(() => docsPage("x", "docs/page.md", alone)).toThrow(
      'docs/page.md: line 3: no "```text output" says what this program prints',
    );
    expect(() => docsBlocks(`${alone}${fenced("ts two.ts run", "2")}${fenced("text output", "2")}`)).toThrow("line 3:");
    expect(() => docsBlocks(fenced("text output", "2"))).toThrow("line 3: no block above");
  });

  test("one finds the other blocks and the configuration of its page, and no URL", async () => {
    const lines = [
      'import { connect } from "@anytopic/core";',
      'import { Signups } from "./topics.ts";',
      "await using pubsub = await connect();",
      'console.log(typeof (await pubsub.publish(Signups, {})), process.env["ANYTOPIC_URL"]);',
    ];
    const topics = 'import { defineTopic } from "@anytopic/core";\nexport const Signups = defineTopic("signups");';
    const config = fenced("json anytopic.config.json", '{ "connections": { "main": { "url": "memory:" } } }');
    const output = fenced("text output", "string undefined");
    const text = `${fenced("ts topics.ts", topics)}${config}${fenced("ts main.ts run", lines.join("\n"))}${output}`;
    expect(await ran("config", text)).toBeUndefined();
  });

  test("one gets the URL of a broker of its own", async () => {
    const code = 'console.log(new URL(process.env["ANYTOPIC_URL"] ?? "").protocol);';
    expect(await ran("broker", `${fenced("ts main.ts run nats", code)}${fenced("text output", "nats:")}`)).toBe(
      undefined,
    );
  });
});

test("a test of a page that fails is found, and one that cannot be loaded", async () => {
  const code = (body: string): string => `import { expect, test } from "vitest";\ntest("adds", () => {${body}});`;
  const pages = [
    written("vitest", "docs/right.md", fenced("ts a.test.ts run vitest", code("expect(1).toBe(1);"))),
    written("vitest", "docs/wrong.md", fenced("ts a.test.ts run vitest", code("expect(1).toBe(2);"))),
    written("vitest", "docs/broken.md", fenced("ts a.test.ts run vitest", 'import "./missing.ts";')),
  ];
  expect(await vitestProblems(join(docsHome, "vitest"), pages)).toEqual([
    expect.stringMatching(/^docs\/wrong\.md:3: adds: .*expected 1 to be 2/),
    expect.stringMatching(/^docs\/broken\.md:3: [^]*missing\.ts/),
  ]);
});

test("a wrong key, a wrong value and a syntax error of a configuration are found at their lines", () => {
  const config = (text: string): readonly string[] => configProblems(fenced("json anytopic.config.json", text));
  expect(config('{ "connections": { "main": { "url": "memory:" } } }')).toEqual([]);
  expect(config('{\n  "conections": {}\n}')).toContainEqual(expect.stringMatching(/^5: .*conections/));
  expect(config('{ "provisioning": "maybe" }').join("\n")).toMatch(/^3: \/provisioning /);
  expect(config("{ provisioning }")).toEqual([expect.stringMatching(/^3: /)]);
});

test.each([
  ["npx anytopic dlq lst", 'there is no command "dlq lst"'],
  ["npx anytopic stats --evry 15s", "unknown option '--evry'"],
  ["npx anytopic seek --to end", "is missing"],
  ["npx anytopic seek orders/bill to end", "is one argument too many"],
  ["npx anytopic export terraform --provider \\\n  azure", "must be one of"],
])("%s: is found at its line", (command, problem) => {
  expect(commandProblems(fenced("sh", `cd shop\n${command} # a comment`))).toEqual([
    expect.stringMatching(new RegExp(`^5: .*${problem}`)),
  ]);
  expect(commandProblems(`Text.\n\n    ${command}`)).toHaveLength(1);
});

test.each([
  'npx anytopic publish reminders \'{"user":"u 1"}\' --delay 2h',
  "npx anytopic scheduled cancel reminders <id>",
  "npx anytopic stats --json | jq .",
  "npx anytopic export terraform > anytopic.tf.json",
  "npx anytopic --version",
])("%s: is right", (command) => {
  expect(commandProblems(fenced("sh", command))).toEqual([]);
});
