import { spawn } from "node:child_process";
import { join } from "node:path";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import type { DocsBlock } from "./docs-blocks.ts";
import type { DocsPage } from "./docs-pages.ts";
import { limited } from "./limited.ts";

/** A program of a document that does not end in this time is wrong. */
const PROGRAM_TIMEOUT_MS = 30_000;

/** Two processors have other work too. */
const inTurn = limited(2);

/**
 * Runs one block and compares what it prints.
 *
 * @param timeoutMs a program that runs longer is ended. @default 30 s
 * @returns what is wrong, as `path:line: …`; undefined when nothing is, or when its broker is not on this machine
 */
export async function programProblem(
  { path, folder }: DocsPage,
  { file, line, run }: DocsBlock,
  timeoutMs: number = PROGRAM_TIMEOUT_MS,
): Promise<string | undefined> {
  if (run === undefined || run.on === "vitest") throw new TypeError(`${path}:${line} is no program`);
  const { on, output = "" } = run;
  return await inTurn(async () => {
    await using broker = on === "memory" ? undefined : closing(await startBrokerOrSkip(on));
    if (on !== "memory" && broker === undefined) return undefined;
    const ended = await runFile(join(folder, file), folder, broker?.url, timeoutMs);
    if (ended.problem !== undefined) return `${path}:${line}: ${file} ${ended.problem}\n${ended.stderr}`;
    if (ended.stdout.trimEnd() === output.trimEnd()) return undefined;
    return `${path}:${line}: ${file} prints something else than the page says.\n--- it prints\n${ended.stdout}--- the page says\n${output}`;
  });
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly problem: string | undefined;
}

async function runFile(file: string, cwd: string, url: string | undefined, timeoutMs: number): Promise<Ended> {
  const { ANYTOPIC_URL: _url, ANYTOPIC_CONFIG: _config, FORCE_COLOR: _color, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: "1", ...(url === undefined ? {} : { ANYTOPIC_URL: url }) };
  const child = spawn(process.execPath, [file], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr, isLate] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearTimeout(timer);
  const printed = stdout === "" ? "" : ` It had printed:\n${stdout}`;
  if (isLate) return { stdout, stderr, problem: `does not end within ${timeoutMs / 1000} s.${printed}` };
  return { stdout, stderr, problem: code === 0 ? undefined : `ends with exit code ${code}.${printed}` };
}

const closing = (broker: Broker | undefined): (Broker & AsyncDisposable) | undefined =>
  broker && { ...broker, [Symbol.asyncDispose]: broker.close };
