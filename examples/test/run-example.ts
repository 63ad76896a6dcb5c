import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Run {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program of `src/` in a process of its own; resolves when it has ended. */
export async function runExample(
  program: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  const main = fileURLToPath(new URL(`../src/${program}`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=@anytopic/source", main, ...args], {
    env: { ...process.env, ANYTOPIC_URL: "", DATABASE_URL: "", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { exitCode, output, errors };
}
