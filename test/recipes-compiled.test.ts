import { spawn } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "@anytopic/brokers";
import { describe, expect, test, vi } from "vitest";
import { root } from "../scripts/workspaces.ts";
import { compile, installed, printed, SOURCE } from "./recipe-run.ts";
import { writeRecipe } from "./recipe-page.ts";

vi.setConfig({ testTimeout: 180_000 });

/** NestJS has decorators of TypeScript, which the other documents do without. */
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
  const compiled = compile(folder, {
    module: "esnext",
    moduleResolution: "bundler",
    // Its types are sources, which are not written for these.
    erasableSyntaxOnly: false,
    verbatimModuleSyntax: false,
    noUnusedLocals: false,
    noEmit: true,
    rootDir: root,
  });
  await expect(compiled).resolves.toBeUndefined();
});
