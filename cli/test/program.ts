import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { onTestFinished, vi } from "vitest";
import { run } from "../src/run.ts";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly finished: Promise<Finished>;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Another installation's entry point. */
  readonly entry?: string;
}

// Most tests start several processes, of about a second each on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const ENTRY = join(import.meta.dirname, "from-sources.ts");
export const TOPICS: string = join(import.meta.dirname, "fixtures/topics.ts");

/** Starts the command line in a process of its own, without the configuration of this one. */
export function start(
  args: readonly string[],
  { cwd, environment = {}, input, entry = ENTRY }: ProgramOptions = {},
): Running {
  const { ANYTOPIC_URL: _url, ANYTOPIC_CONFIG: _config, ...inherited } = process.env;
  const child = spawn(process.execPath, [entry, ...args], { cwd, env: { ...inherited, ...environment } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(input ?? "");
  const finished = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, finished, stdout: () => stdout, stderr: () => stderr };
}

export async function anytopic(args: readonly string[], options: ProgramOptions = {}): Promise<Finished> {
  return await start(args, options).finished;
}

/** Runs a command line in this process: much faster, for what needs neither its own folder nor stdin. */
export async function runHere(args: readonly string[]): Promise<Finished> {
  vi.stubEnv("ANYTOPIC_URL", undefined);
  const [stdout, stderr] = [new Captured(), new Captured()];
  const code = await run(args, { stdout, stderr }, new AbortController().signal);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

class Captured extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-cli-"));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Waits until the running program has said it, on stderr. */
export async function said(running: Running, text: string): Promise<void> {
  await vi.waitFor(
    () => {
      if (!running.stderr().includes(text)) throw new Error(`not said: ${text}\n${running.stderr()}`);
    },
    { timeout: 15_000, interval: 20 },
  );
}
