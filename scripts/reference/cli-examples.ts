import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../workspaces.ts";

const SHOP = join(import.meta.dirname, "shop");
const ENTRY = join(root, "cli/test/from-sources.ts");

interface Example {
  readonly args: readonly string[];
  /** What the configuration is like, when it is not the one of the page. */
  readonly folder?: string;
}

/** Examples that print the same every time, by the name of the command. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  topics: { args: ["topics"] },
  plan: { args: ["plan"] },
  apply: { args: ["apply"], folder: "broken" },
  publish: { args: ["publish", "signups", '{"accountId":"a1"}', "--id", "signup-a1"] },
  "scheduled list": { args: ["scheduled", "list", "signups"] },
  "export policies": { args: ["export", "policies", "--provider", "nats", "--role", "publisher", "signups"] },
  "export mermaid": { args: ["export", "mermaid", "--service", "shop=signups"] },
};

/** The files of the page's examples. */
export const exampleFiles: readonly string[] = ["anytopic.config.json", "topics.ts"].map((name) => join(SHOP, name));
export const brokenFile: string = join(SHOP, "broken/anytopic.config.json");

/** The line that was typed, what it printed and its exit code; `undefined` when the command has no such example. */
export function printedExample(
  command: string,
):
  | { readonly line: string; readonly printed: string; readonly exitCode: number; readonly broken: boolean }
  | undefined {
  const example = EXAMPLES[command];
  if (example === undefined) return undefined;
  const { ANYTOPIC_URL: _url, ANYTOPIC_CONFIG: _config, FORCE_COLOR: _color, ...environment } = process.env;
  const { args, folder = "" } = example;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--conditions=@anytopic/source", ENTRY, ...args], {
    cwd: join(SHOP, folder),
    env: { ...environment, NO_COLOR: "1", NODE_NO_WARNINGS: "1" },
    encoding: "utf8",
  });
  const printed = stdout === "" ? stderr : stdout;
  return {
    line: args.map(quoted).join(" "),
    printed: printed.trimEnd(),
    exitCode: status ?? -1,
    broken: folder !== "",
  };
}

const quoted = (text: string): string => (/^[\w/=.-]+$/.test(text) ? text : `'${text}'`);
