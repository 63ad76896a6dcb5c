import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Writes the files that the import has loaded. */
const PROGRAM = `
  import { registerHooks } from "node:module";
  const loaded = [];
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
  await import(process.argv[1]);
  console.log(JSON.stringify(loaded));
`;

async function loadedBy(specifier: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", PROGRAM, specifier],
    { cwd: import.meta.dirname },
  );
  return JSON.parse(stdout) as readonly string[];
}

test.for(["aws", "gcp", "memory", "nats", "rabbitmq", "redis"])(
  "%s: its limits load no client library",
  async (name) => {
    const loaded = await loadedBy(`@anytopic/${name}/capabilities`);
    expect(loaded).toContainEqual(expect.stringContaining("message-limits"));
    expect(loaded.filter((url) => url.includes("/node_modules/"))).toEqual([]);
  },
);
