import { spawn } from "node:child_process";
import { symlinkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BrokerKind, startBrokerOrSkip } from "@anytopic/brokers";
import { describe, expect, test, vi } from "vitest";
import { runCommand } from "../scripts/run-command.ts";
import { root } from "../scripts/workspaces.ts";
import { writeRecipe } from "./recipe-page.ts";

vi.setConfig({ testTimeout: 120_000 });

const SOURCE = "--conditions=@anytopic/source";
const installed = (path: string): string => join(root, "node_modules", path);
const deno = ["--allow-env", "--allow-net", "--allow-read", "--allow-sys"];

/** What a program prints on standard output; rejects with everything that it printed when it fails. */
function printed(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { ANYTOPIC_URL: _url, NODE_OPTIONS: _options, ...inherited } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...inherited, NO_COLOR: "1", ...env } });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(stdout) : reject(new Error(`${code}: ${stdout}${stderr}`))));
  });
}

describe.each([
  { page: "docs/recipes/bun.md", runtime: installed("bun/bin/bun.exe"), args: [SOURCE, "main.ts"] },
  {
    page: "docs/recipes/deno.md",
    runtime: installed("@deno/linux-x64-glibc/deno"),
    args: ["run", ...deno, SOURCE, "main.ts"],
  },
])("$page", ({ page, runtime, args }) => {
  test("in memory", async () => {
    const { folder, outputs } = writeRecipe(page);
    expect(await printed(runtime, args, folder)).toBe(outputs[0]);
  });

  test.for(["nats", "rabbitmq", "redis"] satisfies BrokerKind[])("on %s", async (kind, { skip }) => {
    const broker = await startBrokerOrSkip(kind);
    if (broker === undefined) return skip();
    const { folder, outputs } = writeRecipe(page);
    try {
      expect(await printed(runtime, args, folder, { ANYTOPIC_URL: broker.url })).toBe(outputs[0]);
    } finally {
      await broker.close();
    }
  });
});

test("docs/recipes/commonjs.md: a program of require", async () => {
  const { folder, outputs } = writeRecipe("docs/recipes/commonjs.md");
  expect(await printed(process.execPath, [SOURCE, "main.cjs"], folder)).toBe(outputs[0]);
});

test("docs/recipes/bundlers.md: its command makes a bundle that runs alone", async () => {
  const { folder, outputs, commands } = writeRecipe("docs/recipes/bundlers.md");
  const [command = ""] = commands;
  const ofSources = command
    .replace("npx esbuild", `npx esbuild ${SOURCE}`)
    .replace("out/main.mjs\n", "out/main.mjs --sourcemap=inline\n");
  await mkdirSync(join(folder, "out"), { recursive: true });
  // Without the condition it would be the last build.
  expect(await printed("bash", ["-ec", ofSources], folder)).toBe(outputs[0]);
});

test("docs/recipes/monorepos.md: a service handles what another one has published", async ({ skip }) => {
  const broker = await startBrokerOrSkip("nats");
  if (broker === undefined) return skip();
  const { folder } = writeRecipe("docs/recipes/monorepos.md");
  mkdirSync(join(folder, "node_modules/@shop"), { recursive: true });
  symlinkSync(join(folder, "packages/topics"), join(folder, "node_modules/@shop/topics"));
  const env = { BROKER_URL: broker.url };
  const run = async (...args: string[]): Promise<string> =>
    await printed(process.execPath, [SOURCE, ...args], folder, env);
  try {
    await run(join(root, "cli/src/main.ts"), "apply");
    await run("packages/signup/main.ts");
    expect(await run("packages/mail/main.ts")).toBe("welcome, ada@example.com\n1\n");
  } finally {
    await broker.close();
  }
});

test("docs/recipes/nestjs.md: it compiles, answers, ends at SIGTERM, and its test passes", async () => {
  const { folder } = writeRecipe("docs/recipes/nestjs.md");
  const compilerOptions = {
    experimentalDecorators: true,
    erasableSyntaxOnly: false,
    incremental: false,
    noEmit: true,
    rootDir: root,
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.test.json"), compilerOptions, include: ["./*.ts"] }),
  );
  await runCommand(installed(".bin/tsc"), ["-p", folder], folder);
});
