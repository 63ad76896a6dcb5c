import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findProgramOrSkip } from "@anytopic/brokers";

const INSTALL = "scripts/install-brokers.sh metrics";

/** `undefined` where it is not installed. */
export const promtool: string | undefined = findProgramOrSkip("promtool", INSTALL);
export const prometheus: string | undefined = findProgramOrSkip("prometheus", INSTALL);

export const RULES = fileURLToPath(new URL("../alerts/anytopic.rules.yml", import.meta.url));
export const DASHBOARD = fileURLToPath(new URL("../grafana/anytopic.json", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

/** Runs promtool with `input` on its standard input. */
export async function runPromtool(args: readonly string[], input = ""): Promise<Finished> {
  const child = spawn(promtool ?? "promtool", args, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  child.stdin.end(input);
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
