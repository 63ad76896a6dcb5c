import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PageStep } from "./page-steps.ts";

export interface TypePageOptions {
  /** An empty folder. */
  readonly folder: string;
  /** The command that is run for one of the page; `undefined`: the reader's machine does that by itself. */
  readonly commandFor: (command: string) => string | undefined;
  /** How long one command may take, in ms. @default 60_000 */
  readonly timeoutMs?: number | undefined;
}

const UNTIL_STOPPED = "# end it with Ctrl-C";
const EXPORT = /^export (\w+)=(\S+)$/;

/** Does what a page says, in an empty folder. Rejects with the line of the page where something else happens. */
export async function typePage(steps: readonly PageStep[], options: TypePageOptions): Promise<void> {
  const { folder } = options;
  const environment: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1" };
  // The packages of the reader, and not the sources of this checkout.
  delete environment["NODE_OPTIONS"];
  delete environment["FORCE_COLOR"];
  for (const step of steps) {
    if (step.kind === "write") await writeFile(join(folder, step.file), step.text);
    else if (step.kind === "change") await change(join(folder, step.file), step);
    else await run(step, environment, options);
  }
}

async function change(path: string, { from, to, line, file }: Extract<PageStep, { kind: "change" }>): Promise<void> {
  const before = await readFile(path, "utf8");
  if (before.split(from).length !== 2) throw new Error(`line ${line}: ${file} does not have this once:\n${from}`);
  await writeFile(
    path,
    before.replace(from, () => to),
  );
}

async function run(
  { commands, printed, line }: Extract<PageStep, { kind: "run" }>,
  environment: NodeJS.ProcessEnv,
  options: TypePageOptions,
): Promise<void> {
  let output = "";
  for (const typed of commands) {
    const command = options.commandFor(typed);
    if (command === undefined) continue;
    const [, name, value] = EXPORT.exec(command) ?? [];
    if (name !== undefined) environment[name] = value;
    else output += await runToItsEnd(command, { environment, line, printed, ...options });
  }
  if (printed !== undefined && !says(output, printed)) {
    throw new Error(`line ${line}: ${commands.join("; ")} printed:\n${output}\nthe page says:\n${printed}`);
  }
}

interface Running extends TypePageOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly line: number;
  readonly printed: string | undefined;
}

function runToItsEnd(
  command: string,
  { environment, line, printed, folder, timeoutMs = 60_000 }: Running,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const stops = command.endsWith(UNTIL_STOPPED);
    // A group of its own: the signal of Ctrl-C goes to everything that the command has started.
    const child = spawn("sh", ["-c", command], { cwd: folder, env: environment, detached: true });
    let output = "";
    let errors = "";
    const timer = setTimeout(() => {
      signalGroup(child, "SIGKILL");
      reject(new Error(`line ${line}: ${command} did not end within ${timeoutMs} ms. It printed:\n${output}${errors}`));
    }, timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      if (stops && printed !== undefined && says(output, printed)) signalGroup(child, "SIGINT");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString("utf8");
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0 || (stops && signal === "SIGINT")) resolve(output);
      else reject(new Error(`line ${line}: ${command}: exit code ${code ?? signal}\n${output}${errors}`));
    });
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, signal);
}

/** Whether the lines of the page are printed, without others between them. Ids and times may be others. */
function says(output: string, printed: string): boolean {
  return `\n${comparable(output)}\n`.includes(`\n${comparable(printed)}\n`);
}

function comparable(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replace(/\n+$/, "");
}
