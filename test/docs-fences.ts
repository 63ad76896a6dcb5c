/** A fenced block of a Markdown document. */
export interface DocsFence {
  /** The first word after the fence: `ts`, `json`, `sh`, `text`; empty when there is none. */
  readonly language: string;
  /** The rest of that line. */
  readonly info: string;
  /** 1-based line of the opening fence. */
  readonly line: number;
  /** What is inside, without the fence's own indentation. */
  readonly text: string;
}

const opening = /^(\s*)(`{3,})([\w-]*)[ \t]*(.*)$/;

/**
 * Every fenced block of a Markdown document.
 *
 * @throws Error naming the line when a fence never closes
 */
export function docsFences(markdown: string): readonly DocsFence[] {
  const lines = markdown.split("\n");
  const fences: DocsFence[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const [, indent = "", fence, language = "", info = ""] = opening.exec(lines[index] ?? "") ?? [];
    if (fence === undefined) continue;
    const end = lines.findIndex((text, at) => at > index && text.trim() === fence);
    if (end === -1) throw new Error(`line ${index + 1}: the block is never closed`);
    const body = lines
      .slice(index + 1, end)
      .map((text) => (text.startsWith(indent) ? text.slice(indent.length) : text));
    fences.push({ language, info: info.trim(), line: index + 1, text: body.map((text) => `${text}\n`).join("") });
    index = end;
  }
  return fences;
}
