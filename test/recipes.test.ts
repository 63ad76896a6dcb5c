import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BrokerKind, startBrokerOrSkip } from "@anytopic/brokers";
import { describe, expect, test, vi } from "vitest";
import { root } from "../scripts/workspaces.ts";
import { installed, printed, SOURCE } from "./recipe-run.ts";
import { writeRecipe } from "./recipe-page.ts";

vi.setConfig({ testTimeout: 180_000 });

const deno = ["--allow-env", "--allow-net", "--allow-read", "--allow-sys"];

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
