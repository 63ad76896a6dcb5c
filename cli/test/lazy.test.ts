import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test.for([["--help"], ["dlq", "redrive", "--help"], ["--version"], ["completion", "bash"]])(
  "%j loads nothing of core: shells and people wait for it",
  { timeout: 30_000 },
  async (args) => {
    const run = JSON.stringify(join(import.meta.dirname, "../src/run.ts"));
    const program = `
      import { registerHooks } from "node:module";
      const found = [];
      registerHooks({ load: (url, context, next) => (found.push(url), next(url, context)) });
      const { run } = await import(${run});
      await run(${JSON.stringify(args)}, { stdout: { write() {} }, stderr: process.stderr }, new AbortController().signal);
      process.stdout.write(JSON.stringify(found.filter((url) => !url.includes("/cli/"))));
    `;
    const options = ["--conditions=@anytopic/source", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, options);
    expect((JSON.parse(stdout) as string[]).filter((url) => !url.startsWith("node:"))).toEqual([]);
  },
);
