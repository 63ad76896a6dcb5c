import { join } from "node:path";
import { Writable } from "node:stream";
import { run } from "../../cli/src/run.ts";

const SHOP = join(import.meta.dirname, "shop");

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

export interface Printed {
  /** What was typed after `anytopic`. */
  readonly line: string;
  readonly printed: string;
  readonly exitCode: number;
  /** Whether it ran with the configuration that is wrong on purpose. */
  readonly broken: boolean;
}

/** Runs the example of a command in its folder; `undefined` when it has none that prints the same every time. */
export async function printedExample(command: string): Promise<Printed | undefined> {
  const example = EXAMPLES[command];
  if (example === undefined) return undefined;
  const { args, folder = "" } = example;
  const [stdout, stderr] = [new Captured(), new Captured()];
  const [home, url, config] = [process.cwd(), process.env["ANYTOPIC_URL"], process.env["ANYTOPIC_CONFIG"]];
  try {
    process.chdir(join(SHOP, folder));
    delete process.env["ANYTOPIC_URL"];
    delete process.env["ANYTOPIC_CONFIG"];
    const exitCode = await run(args, { stdout, stderr }, new AbortController().signal);
    const printed = (stdout.text === "" ? stderr : stdout).text.trimEnd();
    return { line: args.map(quoted).join(" "), printed, exitCode, broken: folder !== "" };
  } finally {
    process.chdir(home);
    Object.assign(process.env, url === undefined ? {} : { ANYTOPIC_URL: url });
    Object.assign(process.env, config === undefined ? {} : { ANYTOPIC_CONFIG: config });
  }
}

class Captured extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

const quoted = (text: string): string => (/^[\w/=.-]+$/.test(text) ? text : `'${text}'`);
