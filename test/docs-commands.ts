import { argumentsProblem } from "../cli/test/arguments-problem.ts";

/** A line of a document that a reader types. */
interface CommandLine {
  readonly line: number;
  readonly text: string;
}

/**
 * What the command line itself says against the `npx anytopic …` lines of a document, in fenced and in indented blocks:
 * `<line>: …`. It reads them as `anytopic` does, and stops before it would run them.
 */
export function commandProblems(markdown: string): readonly string[] {
  return commandLines(markdown).flatMap(({ line, text }) => {
    const problem = argumentsProblem(shellWords(text).slice(2));
    return problem === undefined ? [] : [`${line}: ${problem}`];
  });
}

/** Lines that begin with `npx anytopic`, each with those that a backslash adds to it. */
function commandLines(markdown: string): readonly CommandLine[] {
  const lines = markdown.split("\n");
  return lines.flatMap((first, index) => {
    if (!/^\s*npx anytopic(\s|$)/.test(first)) return [];
    // How a command is written, in the reference: nobody types it.
    if (lines[index - 1]?.trim() === "```text") return [];
    let text = first;
    for (let at = index + 1; text.endsWith("\\") && at < lines.length; at += 1) {
      text = text.slice(0, -1) + (lines[at] ?? "");
    }
    return [{ line: index + 1, text }];
  });
}

/** The words of the first command of a shell line, without comments, pipes and redirections. `<id>` is a word. */
function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g)) {
    if (/^(#|[|;&]|\d?>)/.test(word)) break;
    words.push(word.replace(/"([^"]*)"|'([^']*)'|\\(.)/g, (_all, ...[a = "", b = "", c = ""]: string[]) => a + b + c));
  }
  return words;
}
