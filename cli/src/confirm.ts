import { createInterface } from "node:readline/promises";
import { UsageError } from "./usage-error.ts";

/**
 * Asks on the terminal whether to continue; true only after "yes".
 *
 * @param harm what the command does, for the error
 * @throws UsageError when there is no terminal to ask on
 */
export async function confirm(question: string, signal: AbortSignal, harm = "deletes messages"): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`this ${harm} and there is no terminal to ask on`, "give --yes if that is what you want");
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await reader.question(`${question}\nType yes to continue: `, { signal })).trim().toLowerCase() === "yes";
  } finally {
    reader.close();
  }
}
