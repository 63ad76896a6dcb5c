import { findCommand } from "../src/find-command.ts";
import { parseArguments } from "../src/parse-arguments.ts";
import { UsageError } from "../src/usage-error.ts";

/**
 * What the command line says against the arguments of `anytopic`: an unknown command or option, a wrong choice, a wrong number
 * of operands. It reads them as `anytopic` does, and runs nothing. Undefined when they are right.
 */
export function argumentsProblem(args: readonly string[]): string | undefined {
  const [first = "--help"] = args;
  if (["--version", "-v", "version", "--help", "-h", "help"].includes(first)) return undefined;
  try {
    const { command, rest } = findCommand(args);
    if (command === undefined && !rest.includes("--help")) return `${args.join(" ")}: the command is missing`;
    if (command !== undefined) parseArguments(command, rest);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
