/** One thing that a reader of a page does. `line` is the 1-based line of its fence. */
export type PageStep =
  | { readonly kind: "write"; readonly line: number; readonly file: string; readonly text: string }
  | {
      readonly kind: "change";
      readonly line: number;
      readonly file: string;
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly kind: "run";
      readonly line: number;
      readonly commands: readonly string[];
      /** What the page says that they print; `undefined` when it does not say. */
      readonly printed: string | undefined;
    };

const FENCE = /^```(\w+)(?: (\S+))?.*\n([\s\S]*?)^```$/gm;

/**
 * What a page tells its reader to type, in order: "```ts file.ts" and "```json file.json" write a file, "```diff file.ts" changes
 * it, "```sh" runs commands, and a "```text" right behind them is what they print.
 *
 * @throws Error naming the line of an output without commands, or of a change that is not one `-` and one `+` part
 */
export function pageSteps(markdown: string): readonly PageStep[] {
  const steps: PageStep[] = [];
  for (const { 1: language = "", 2: file, 3: text = "", index } of markdown.matchAll(FENCE)) {
    const line = markdown.slice(0, index).split("\n").length;
    if (language === "sh") {
      steps.push({ kind: "run", line, commands: text.trimEnd().split("\n"), printed: undefined });
    } else if (language === "text") {
      const last = steps.pop();
      if (last?.kind !== "run" || last.printed !== undefined) throw new Error(`line ${line}: an output of no command`);
      steps.push({ ...last, printed: text });
    } else if (language === "diff" && file !== undefined) {
      steps.push({ kind: "change", line, file, from: partOf(text, "-"), to: partOf(text, "+") });
    } else if (file !== undefined) {
      steps.push({ kind: "write", line, file, text });
    }
  }
  const wrong = steps.find((step) => step.kind === "change" && step.from === "");
  if (wrong !== undefined) throw new Error(`line ${wrong.line}: a change without a line that begins with "-"`);
  return steps;
}

function partOf(diff: string, sign: string): string {
  const lines = diff.split("\n").filter((text) => text.startsWith(sign));
  return lines.map((text) => text.slice(1)).join("\n");
}
