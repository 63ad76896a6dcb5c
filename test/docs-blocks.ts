import { type DocsFence, docsFences } from "./docs-fences.ts";

/** Where the program of a block runs. With `memory` there is no broker, with `vitest` it is a file of tests. */
export type DocsPlace = "memory" | "nats" | "rabbitmq" | "redis" | "vitest";

/** A block that is run after it was compiled. */
export interface DocsRun {
  readonly on: DocsPlace;
  /** What it prints on standard output: the text of the next "```text output". Undefined for tests. */
  readonly output?: string;
}

/** A TypeScript example of a document, ready to be compiled. */
export interface DocsBlock {
  /** `topics.ts` when the fence says "```ts topics.ts", so that other blocks can import it; else `line-<n>.ts`. */
  readonly file: string;
  /** 1-based line of the opening fence. */
  readonly line: number;
  /** Padded with blank lines, so that the line number of a compiler or of a stack is the line in the document. */
  readonly text: string;
  /** Why the block is not compiled: the text after "no-check:". */
  readonly skipped?: string;
  readonly run?: DocsRun;
}

const forms = '"<file>.ts", "<file>.ts run [nats|rabbitmq|redis|vitest]" or "no-check: <reason>"';

/**
 * The blocks marked "ts" of a Markdown document.
 *
 * @throws Error naming the line when a fence never closes, is marked in an unknown way, says "no-check" without a reason or
 *   reuses a file name; when a program has no block with its output, or an output has no program.
 */
export function docsBlocks(markdown: string): readonly DocsBlock[] {
  const fences = docsFences(markdown);
  const marked = fences.filter(({ language }) => language === "ts" || language === "typescript");
  const blocks = marked.map((fence) => describeBlock(fence, fences));
  const names = blocks.map(({ file }) => file);
  const twice = blocks.find(({ file }, at) => names.indexOf(file) !== at);
  if (twice !== undefined) throw new Error(`line ${twice.line}: two blocks are named ${twice.file}`);
  const owned = new Set(marked.map((fence) => (printsSomething(fence) ? outputAfter(fence, fences) : undefined)));
  const stray = fences.find((fence) => isOutput(fence) && !owned.has(fence));
  if (stray !== undefined) throw new Error(`line ${stray.line}: no block above is marked "run" and prints this`);
  return blocks;
}

const isOutput = ({ language, info }: DocsFence): boolean => language === "text" && info === "output";
const runOf = ({ info }: DocsFence): RegExpExecArray | null =>
  /^([\w./-]+\.ts) run(?: (nats|rabbitmq|redis|vitest))?$/.exec(info);
const printsSomething = (fence: DocsFence): boolean => {
  const found = runOf(fence);
  return found !== null && found[2] !== "vitest";
};

/** The first output after a program and before the next program. */
function outputAfter(program: DocsFence, fences: readonly DocsFence[]): DocsFence | undefined {
  const next = fences.find((fence) => fence.line > program.line && (isOutput(fence) || printsSomething(fence)));
  return next !== undefined && isOutput(next) ? next : undefined;
}

function describeBlock(fence: DocsFence, fences: readonly DocsFence[]): DocsBlock {
  const { info, line } = fence;
  const block = { file: `line-${line}.ts`, line, text: `${"\n".repeat(line)}${fence.text}` };
  if (info.startsWith("no-check")) {
    const [, reason = ""] = /^no-check[:\s]+(.*)$/.exec(info) ?? [];
    if (reason.trim() === "") throw new Error(`line ${line}: say why: "\`\`\`ts no-check: <reason>"`);
    return { ...block, skipped: reason };
  }
  if (info === "") return block;
  const [, program, on = "memory"] = runOf(fence) ?? [];
  if (program !== undefined) {
    if (on === "vitest") return { ...block, file: program, run: { on } };
    const output = outputAfter(fence, fences)?.text;
    if (output === undefined) throw new Error(`line ${line}: no "\`\`\`text output" says what this program prints`);
    return { ...block, file: program, run: { on: on as DocsPlace, output } };
  }
  if (!/^[\w./-]+\.ts$/.test(info)) throw new Error(`line ${line}: after "ts" comes ${forms}, not "${info}"`);
  return { ...block, file: info };
}
