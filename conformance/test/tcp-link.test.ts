import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("bytes that are on their way when a connection ends keep no process alive", { timeout: 30_000 }, async () => {
  const program = join(import.meta.dirname, "fixtures/slow-line-process.ts");
  await expect(promisify(execFile)(process.execPath, [program], { timeout: 20_000 })).resolves.toBeDefined();
});
