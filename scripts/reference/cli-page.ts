import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command, OptionSpecs } from "../../cli/src/command.ts";
import { COMMANDS } from "../../cli/src/commands/index.ts";
import { EXIT } from "../../cli/src/exit-codes.ts";
import { GLOBAL_OPTIONS } from "../../cli/src/global-options.ts";
import { root } from "../workspaces.ts";
import { brokenFile, exampleFiles, type Printed, printedExample } from "./cli-examples.ts";
import { code, markdownTable } from "./markdown-table.ts";

/** Every command from its own declaration, which also makes `--help`. */
export async function cliPage(): Promise<Readonly<Record<string, string>>> {
  const commands: string[] = [];
  // One after the other, because an example runs in its own folder.
  for (const command of COMMANDS) commands.push(await commandPart(command));
  return {
    overview: markdownTable(
      ["command", "does"],
      COMMANDS.map(({ name, operands, summary }) => [
        `[${code(`${name} ${operands}`.trim())}](#${anchorOf(name)})`,
        summary,
      ]),
    ),
    options: optionTable(GLOBAL_OPTIONS),
    "exit-codes": exitCodes(),
    files: exampleFiles.map((path) => fileBlock(path, basename(path))).join("\n\n"),
    commands: commands.join("\n\n"),
  };
}

async function commandPart(command: Command): Promise<string> {
  const { name, operands, summary, details, example, options, offline } = command;
  const printed = await printedExample(name);
  return [
    `### ${name}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.${details === undefined ? "" : ` ${oneParagraph(details)}`}${
      offline === true && !/contacts no/i.test(details ?? "") ? " Contacts no broker." : ""
    }`,
    shell(`anytopic ${`${name} ${operands}`.trim()} [options]`, "text"),
    Object.keys(options).length === 0 ? "" : optionTable(options),
    shell(`npx ${example}`, "sh"),
    ...(printed === undefined ? [] : printedPart(printed)),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function printedPart({ line, printed, exitCode, broken }: Printed): readonly string[] {
  const ended = exitCode === 0 ? "" : ` this, and ends with exit code ${exitCode}`;
  return [
    broken ? `With this ${code("anytopic.config.json")}:` : "With the files above:",
    ...(broken ? [fileBlock(brokenFile, "no-check: a configuration that is wrong on purpose")] : []),
    shell(`npx anytopic ${line}`, "sh"),
    `prints${ended}:`,
    shell(printed, "text"),
  ];
}

function optionTable(options: OptionSpecs): string {
  const rows = Object.entries(options).map(([name, { short, value, multiple, description }]) => {
    const flag = `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
    const isSaid = multiple !== true || description.includes("repeated");
    return [code(flag), `${prose(description)}${isSaid ? "" : "; may be repeated"}`];
  });
  return markdownTable(["option", "what it does"], rows);
}

/** The docstrings of `EXIT` say what each code means. */
function exitCodes(): string {
  const source = readFileSync(join(root, "cli/src/exit-codes.ts"), "utf8");
  const rows = [...source.matchAll(/\/\*\* ([^\n]*) \*\/\n {2}(\w+): \d+,/g)].map(([, text = "", name = ""]) => [
    String(EXIT[name as keyof typeof EXIT]),
    text,
  ]);
  if (rows.length !== Object.keys(EXIT).length) throw new Error("cli/src/exit-codes.ts: an exit code has no docstring");
  return markdownTable(["exit code", "meaning"], rows);
}

function fileBlock(path: string, info: string): string {
  const language = path.endsWith(".json") ? "json" : "ts";
  return `\`\`\`${info.startsWith("no-check") ? language : `${language} ${info}`}\n${readFileSync(path, "utf8").trimEnd()}\n\`\`\``;
}

const shell = (text: string, language: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** Details are broken into lines for a terminal; lines that begin with spaces are a list of their own. */
function oneParagraph(text: string): string {
  return prose(text.replaceAll(/\n(?!\n)/g, " ").replaceAll(/ {2,}/g, " "));
}

/** What Markdown would read as HTML. */
const prose = (text: string): string => text.replaceAll(/<(?=[\w/])/g, "&lt;");

const anchorOf = (name: string): string => name.replaceAll(" ", "-");
