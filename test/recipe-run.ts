import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../scripts/run-command.ts";
import { root } from "../scripts/workspaces.ts";

/** For Node, Bun and Deno: the sources of the packages, and not the last build. */
export const SOURCE = "--conditions=@anytopic/source";

export const installed = (path: string): string => join(root, "node_modules", path);

/** What a program prints on standard output; rejects with everything that it printed when it fails. */
export function printed(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
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

/** Compiles the files of a page with options that the other documents do not have, to JavaScript in `out/`. */
export async function compile(folder: string, options: Readonly<Record<string, unknown>>): Promise<void> {
  const config = {
    extends: join(root, "tsconfig.test.json"),
    compilerOptions: { incremental: false, rootDir: folder, noEmit: false, outDir: "out", ...options },
    files: readdirSync(folder).filter((name) => name.endsWith(".ts")),
    include: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  await runCommand(installed(".bin/tsc"), ["-p", folder, "--pretty", "false"], folder);
}
