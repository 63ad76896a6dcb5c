import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BrokerKind, freePorts, startBrokerOrSkip } from "@anytopic/brokers";
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
  writeFileSync(join(folder, "anytopic.mjs"), `import { main } from "${root}/cli/src/main.ts";\nawait main();\n`);
  const env = { BROKER_URL: broker.url };
  const run = async (...args: string[]): Promise<string> =>
    await printed(process.execPath, [SOURCE, ...args], folder, env);
  try {
    await run("anytopic.mjs", "apply");
    await run("packages/signup/main.ts");
    expect(await run("packages/mail/main.ts")).toBe("welcome, ada@example.com\n1\n");
  } finally {
    await broker.close();
  }
});

/** Compiles the files of a page with options that the other documents do not have, to JavaScript in `out/`. */
async function compile(folder: string, options: Readonly<Record<string, unknown>>): Promise<void> {
  const config = {
    extends: join(root, "tsconfig.test.json"),
    compilerOptions: { incremental: false, rootDir: folder, noEmit: false, outDir: "out", ...options },
    files: readdirSync(folder).filter((name) => name.endsWith(".ts")),
    include: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  await runCommand(installed(".bin/tsc"), ["-p", folder, "--pretty", "false"], folder);
}

const decorators = {
  experimentalDecorators: true,
  erasableSyntaxOnly: false,
  allowImportingTsExtensions: false,
  rewriteRelativeImportExtensions: true,
  // To compile the sources of the packages as well is not what this is about.
  customConditions: [],
};

describe("docs/recipes/nestjs.md", () => {
  test("it answers, handles, and ends in order at SIGTERM", async () => {
    const { folder } = writeRecipe("docs/recipes/nestjs.md");
    rmSync(join(folder, "signups.test.ts"));
    await compile(folder, decorators);
    const [port = 0] = await freePorts(1);
    const env = { ...process.env, PORT: String(port), ANYTOPIC_URL: "memory:", NO_COLOR: "1" };
    const child = spawn(process.execPath, [SOURCE, "out/main.js"], { cwd: folder, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += String(chunk)));
    const ended = new Promise((resolve) => child.on("close", (_code, signal) => resolve(signal)));
    await vi.waitUntil(() => output.includes("successfully started"), { timeout: 60_000 });
    const origin = `http://localhost:${port}`;
    const headers = { "content-type": "application/json" };
    const body = '{"email":"ada@example.com"}';
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    expect((await fetch(`${origin}/signups`, { method: "POST", headers, body })).status).toBe(202);
    await vi.waitUntil(() => output.includes("welcome, ada@example.com"), { timeout: 10_000 });
    child.kill("SIGTERM");
    expect(await ended).toBe("SIGTERM"); // NestJS ends the process with the signal again
  });

  test("its own test passes", async () => {
    const { folder } = writeRecipe("docs/recipes/nestjs.md");
    const conditions = ["@anytopic/source", "node"];
    const config = {
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions } },
      oxc: { decorator: { legacy: true } },
    };
    writeFileSync(join(folder, "vitest.config.ts"), `export default ${JSON.stringify(config)};\n`);
    const args = [
      installed("vitest/vitest.mjs"),
      "run",
      "--root",
      folder,
      "--config",
      join(folder, "vitest.config.ts"),
    ];
    expect(await printed(process.execPath, args, folder, { NODE_OPTIONS: SOURCE })).toMatch(/Tests +1 passed/);
  });
});

test("docs/migration/from-nestjs.md: the program before compiles", async () => {
  const { folder } = writeRecipe("docs/migration/from-nestjs.md");
  rmSync(join(folder, "foreign.ts"));
  await compile(folder, decorators);
  expect(readdirSync(join(folder, "out"))).toContain("before.js");
});

test("docs/migration/from-encore.md: the program before compiles", async () => {
  const { folder } = writeRecipe("docs/migration/from-encore.md");
  rmSync(join(folder, "main.ts"));
  await compile(folder, { module: "esnext", moduleResolution: "bundler", noEmit: true, rootDir: root });
});
