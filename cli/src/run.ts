import { createRequire } from "node:module";
import { styleText } from "node:util";
import type { CommandContext } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { describeError } from "./describe-error.ts";
import { hintOf } from "./did-you-mean.ts";
import { EXIT } from "./exit-codes.ts";
import { findCommand } from "./find-command.ts";
import { forTerminal } from "./for-terminal.ts";
import { commandHelp, overview } from "./help.ts";
import { Output, type Streams } from "./output.ts";
import { parseArguments } from "./parse-arguments.ts";
import { readSettings, type Settings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** Runs one command line and resolves with its exit code. Never rejects. */
export async function run(args: readonly string[], streams: Streams, signal: AbortSignal): Promise<number> {
  const output = new Output(streams, args.includes("--json"));
  try {
    return await dispatch(args, output, signal);
  } catch (error) {
    if (args.includes("--debug")) streams.stderr.write(`${styleText("dim", forTerminal(stackOf(error)))}\n`);
    if (signal.aborted && isAbort(error, signal)) {
      output.error({ exitCode: EXIT.interrupted, code: "INTERRUPTED", message: "interrupted", hint: undefined });
      return EXIT.interrupted;
    }
    const described = describeError(error);
    output.error(error instanceof UsageError ? { ...described, hint: await hintOf(error) } : described);
    return described.exitCode;
  }
}

/** Whether the interruption is the only error. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

async function dispatch(args: readonly string[], output: Output, signal: AbortSignal): Promise<number> {
  const [first] = args;
  if (first === "--version" || first === "-v" || first === "version") {
    output.result({ version: version() }, version);
    return EXIT.ok;
  }
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    output.text(helpFor(first === "help" ? args.slice(1) : []));
    return first === undefined ? EXIT.usage : EXIT.ok;
  }
  const { command, rest } = findCommand(args);
  if (command === undefined) {
    // A group, such as dlq, was given without its command.
    output.text(helpFor([first]));
    return rest.includes("--help") || rest.includes("-h") ? EXIT.ok : EXIT.usage;
  }
  const given = parseArguments(command, rest);
  if (given.flag("help")) {
    output.text(commandHelp(command));
    return EXIT.ok;
  }
  let settings: Promise<Settings> | undefined;
  const context: CommandContext = {
    given,
    output,
    signal,
    commands: COMMANDS,
    settings() {
      settings ??= readSettings(given, command.offline !== true);
      return settings;
    },
  };
  return await command.run(context);
}

function helpFor(names: readonly string[]): string {
  const prefix = names.join(" ");
  const exact = COMMANDS.find(({ name }) => name === prefix);
  if (exact !== undefined) return commandHelp(exact);
  return overview(COMMANDS.filter(({ name }) => prefix === "" || name.startsWith(`${prefix} `)));
}

function version(): string {
  const manifest = createRequire(import.meta.url)("../package.json") as { readonly version: string };
  return manifest.version;
}

function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : `thrown: ${typeof error}`;
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${stackOf(error.cause)}` : "";
  return stack + cause;
}
