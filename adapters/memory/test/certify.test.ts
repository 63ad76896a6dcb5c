import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the conformance command certifies this adapter", { timeout: 120_000 }, async () => {
  const command = fileURLToPath(new URL("./cli.ts", import.meta.resolve("@anytopic/conformance")));
  const adapter = fileURLToPath(new URL("fixtures/my-adapter.ts", import.meta.url));

  const { stdout } = await promisify(execFile)(process.execPath, [command, "--adapter", adapter, "--tier", "smoke"]);

  const [, proven, applicable] = /^memory: (\d+)\/(\d+) proven, 0 quirks$/m.exec(stdout) ?? [];
  expect(Number(proven)).toBeGreaterThan(40);
  expect(proven).toBe(applicable);
});
