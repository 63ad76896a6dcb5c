import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";

const folder = fileURLToPath(new URL("runners/", import.meta.url));
const jest = createRequire(import.meta.url).resolve("jest/bin/jest");
/** Another test runner has to start and to load the sources. */
const PATIENCE_MS = 100_000;

/** Runs another test runner, and returns its output and exit code. */
async function run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const { NODE_OPTIONS, PATH } = process.env;
  const env = { NODE_OPTIONS: `${NODE_OPTIONS ?? ""} --experimental-vm-modules --no-warnings`, PATH, FORCE_COLOR: "0" };
  const child = spawn(process.execPath, args, { cwd: folder, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}

describe.concurrent("the kit in another test runner", () => {
  it(
    "works in node:test, with mocked timers and without, and a fault that nobody met fails its test",
    { timeout: PATIENCE_MS },
    async ({ expect: expectHere }) => {
      const { code, output } = await run("--test", "--test-reporter=tap", "node-test.fixture.ts");
      expectHere(output).toMatch(/^# pass 3$/m);
      expectHere(output).toMatch(/^# fail 1$/m);
      expectHere(output).toContain("not ok 2 - FAILS: a fault that no message met");
      expectHere(output).toContain("no message has met this fault: orders: publish fails with UNAVAILABLE");
      expectHere(code).toBe(1);
    },
  );

  it(
    "works in jest, with fake timers and without, and a failure shows what was published",
    { timeout: PATIENCE_MS },
    async ({ expect: expectHere }) => {
      const { code, output } = await run(jest, "--config", "jest.config.json", "--no-cache");
      expectHere(output).toMatch(/^Tests: +1 failed, 2 passed, 3 total$/m);
      expectHere(output).toContain("✕ FAILS: nothing like this was published");
      expectHere(output).toContain("FAILS:-nothing-like-this-was-published/orders/1  { order: 'b' }");
      expectHere(code).toBe(1);
    },
  );
});
