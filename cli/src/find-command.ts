import type { Command } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { UsageError } from "./usage-error.ts";

/** What a command line names. */
export interface FoundCommand {
  readonly command: Command | undefined;
  readonly rest: readonly string[];
}

/** The command that `args` begin with; undefined for a group alone. @throws UsageError */
export function findCommand(args: readonly string[]): FoundCommand {
  const [first = "", second = ""] = args;
  const two = COMMANDS.find(({ name }) => name === `${first} ${second}`);
  if (two !== undefined) return { command: two, rest: args.slice(2) };
  const one = COMMANDS.find(({ name }) => name === first);
  if (one !== undefined) return { command: one, rest: args.slice(1) };
  const inGroup = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (inGroup.length > 0 && (second === "" || second.startsWith("-")))
    return { command: undefined, rest: args.slice(1) };
  const known = inGroup.length > 0 ? inGroup : COMMANDS;
  const isFlag = first.startsWith("-");
  const unknown = inGroup.length > 0 ? `${first} ${second}` : first;
  throw new UsageError(
    isFlag ? `the command comes first, not ${first}` : `there is no command ${JSON.stringify(unknown)}`,
    `commands are ${known.map(({ name }) => name).join(", ")}`,
    isFlag ? {} : { unknown: { name: unknown, known: known.map(({ name }) => name) } },
  );
}
