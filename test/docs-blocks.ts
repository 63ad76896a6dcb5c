/** A TypeScript example of a document, ready to be compiled. */
export interface DocsBlock {
  /** `topics.ts` when the fence says "```ts topics.ts", so that other blocks can import it; else `line-<n>.ts`. */
  readonly file: string;
  /** 1-based line of the opening fence. */
  readonly line: number;
  /** Padded with blank lines, so that a compiler's line number is the line in the document. */
  readonly text: string;
  /** Why the block is not compiled: the text after "no-check:". */
  readonly skipped?: string;
}

const opening = /^(\s*)(`{3,})(ts|typescript)\b[ \t]*(.*)$/;

/**
 * The fenced blocks marked "ts" of a Markdown document.
 *
 * @throws Error naming the line when a fence never closes, says "no-check" without a reason, or reuses a file name.
 */
export function docsBlocks(markdown: string): readonly DocsBlock[] {
  const lines = markdown.split("\n");
  const blocks: DocsBlock[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const [, indent = "", fence, , info = ""] = opening.exec(lines[index] ?? "") ?? [];
    if (fence === undefined) continue;
    const line = index + 1;
    const end = lines.findIndex((text, at) => at > index && text.trim() === fence);
    if (end === -1) throw new Error(`line ${line}: the block is never closed`);
    const body = lines.slice(line, end).map((text) => (text.startsWith(indent) ? text.slice(indent.length) : text));
    blocks.push({ ...describeBlock(info.trim(), line), line, text: `${"\n".repeat(line)}${body.join("\n")}\n` });
    index = end;
  }
  const names = blocks.map(({ file }) => file);
  const twice = blocks.find(({ file }, at) => names.indexOf(file) !== at);
  if (twice !== undefined) throw new Error(`line ${twice.line}: two blocks are named ${twice.file}`);
  return blocks;
}

function describeBlock(info: string, line: number): Pick<DocsBlock, "file" | "skipped"> {
  const [, reason] = /^no-check(?:[:\s]+(.*))?$/.exec(info) ?? [];
  if (info.startsWith("no-check")) {
    if (reason === undefined || reason.trim() === "") {
      throw new Error(`line ${line}: say why: "\`\`\`ts no-check: <reason>"`);
    }
    return { file: `line-${line}.ts`, skipped: reason };
  }
  if (info !== "" && !/^[\w./-]+\.ts$/.test(info)) {
    throw new Error(`line ${line}: after "ts" comes a file name or "no-check: <reason>", not "${info}"`);
  }
  return { file: info === "" ? `line-${line}.ts` : info };
}
