import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";

const COMMAND = join(import.meta.dirname, "../../../conformance/src/cli.ts");
const HARNESS = join(import.meta.dirname, "soak-harness.ts");
/** A "minute" of the test is a second. */
const SHORT = ["--minutes", "14", "--minute-ms", "1000", "--seed", "2"];

/** A soak in a process of its own: what vitest holds in this one changes all the time. */
async function soaked(leak: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-soak-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const args = [COMMAND, "--tier", "soak", "--adapter", HARNESS, ...SHORT, "--save", folder];
  const env = { ...process.env, SOAK_LEAK: leak, NODE_NO_WARNINGS: "1" };
  return await promisify(execFile)(process.execPath, args, { env }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
}

describe.concurrent("a soak", { timeout: 180_000 }, () => {
  test("of the right adapter is flat, and nothing is lost", async () => {
    expect(await soaked("nothing")).toMatch(/^memory: 14 minutes, \d{2,} accepted, .* 0 violations$/m);
  });

  test.each([
    ["memory", ["heap"]],
    ["handles", ["Timeout", "descriptors"]],
  ])("finds %s that an adapter keeps", async (leak, kinds) => {
    const said = await soaked(leak);
    for (const what of kinds) expect(said).toMatch(new RegExp(`^  flat: .*: ${what} grew by `, "m"));
  });
});
