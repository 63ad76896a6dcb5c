import { parseArgs } from "node:util";
import type { Command, OptionSpecs } from "./command.ts";
import type { Given } from "./given.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { UsageError } from "./usage-error.ts";

/** @throws UsageError on unknown options, missing values, wrong choices and wrong numbers of operands */
export function parseArguments(command: Command, args: readonly string[]): Given {
  const specs = { ...GLOBAL_OPTIONS, ...command.options };
  const hint = `anytopic ${command.name} --help`;
  const { values, positionals } = parsed(specs, args, hint);
  for (const [name, { choices }] of Object.entries(specs)) {
    const value = values[name];
    if (choices === undefined || typeof value !== "string" || choices.includes(value)) continue;
    throw new UsageError(`--${name} is ${JSON.stringify(value)}: must be one of ${choices.join(", ")}`, hint, {
      unknown: { name: value, known: choices },
    });
  }
  const given: Given = {
    positionals,
    text: (option) => (typeof values[option] === "string" ? values[option] : undefined),
    texts: (option) => (Array.isArray(values[option]) ? values[option].map(String) : []),
    flag: (option) => values[option] === true,
  };
  if (!given.flag("help")) requireOperands(command, positionals, hint);
  return given;
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

function parsed(specs: OptionSpecs, args: readonly string[], hint: string): Parsed {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, multiple = false, short }]) => [
      name,
      { type, multiple, ...(short === undefined ? {} : { short }) },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    // parseArgs adds advice in further sentences, which are cut off.
    const [sentence = ""] = (error as Error).message.split(". ");
    const [, unknown] = /^Unknown option '(--[^']+)'/.exec(sentence) ?? [];
    const known = Object.keys(specs).map((name) => `--${name}`);
    throw new UsageError(
      sentence.charAt(0).toLowerCase() + sentence.slice(1).split("\n")[0],
      hint,
      unknown === undefined ? {} : { unknown: { name: unknown, known } },
    );
  }
}

function requireOperands({ name, operands, operandCount }: Command, found: readonly string[], hint: string): void {
  const [min, max] = operandCount;
  if (found.length >= min && found.length <= max) return;
  const problem =
    found.length < min ? `${operands} is missing` : `${JSON.stringify(found[max])} is one argument too many`;
  throw new UsageError(`${name}: ${problem}`, hint);
}
