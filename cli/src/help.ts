import type { Command, OptionSpecs } from "./command.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";

/** What `anytopic --help` prints. */
export function overview(commands: readonly Command[]): string {
  const lines = commands.map(({ name, operands, summary }) => [`${name} ${operands}`.trim(), summary] as const);
  return `Publish/subscribe on any broker: topics, subscriptions and dead letters.

Usage: anytopic <command> [options]

${columns(lines)}

Options of every command:
${optionLines(GLOBAL_OPTIONS)}

anytopic <command> --help shows its options and an example; anytopic --version the version.
Exit codes: 0 done, 1 failed (plan: something to do), 2 wrong usage or configuration,
3 broker unreachable or refusing, 130 interrupted.`;
}

/** What `anytopic <command> --help` prints. */
export function commandHelp({ name, operands, summary, details, example, options }: Command): string {
  const own = Object.keys(options).length === 0 ? "" : `\nOptions:\n${optionLines(options)}\n`;
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.

Usage: anytopic ${`${name} ${operands}`.trim()} [options]
${details === undefined ? "" : `\n${details}\n`}${own}
Options of every command:
${optionLines(GLOBAL_OPTIONS)}

Example:
  ${example}`;
}

function optionLines(options: OptionSpecs): string {
  return columns(
    Object.entries(options).map(([name, { short, value, description }]) => {
      const flag = `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
      return [flag, description] as const;
    }),
  );
}

function columns(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([left]) => left.length));
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
