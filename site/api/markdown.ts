import type { Comment, CommentPart } from "./reflection.ts";

/** Where a name of a type leads from the page that is written; undefined when it has no place. */
export type LinkOf = (name: string) => string | undefined;

/** A comment as Markdown, without its tags. */
export function proseOf(parts: readonly CommentPart[], linkOf: LinkOf): string {
  return parts
    .map(({ kind, text, target }) => {
      if (kind === "code") return text;
      if (kind !== "inline-tag") return escaped(text);
      const place = typeof target === "string" ? target : linkOf(text.split(".")[0] ?? "");
      return place === undefined ? `\`${text}\`` : `[\`${text}\`](${place})`;
    })
    .join("")
    .trim();
}

/** One paragraph for the cell of a table. */
export function cellOf(comment: Comment | undefined, linkOf: LinkOf): string {
  return inCell(proseOf(comment?.summary ?? [], linkOf));
}

export function inCell(text: string): string {
  return text
    .replaceAll(/\s*\n\s*-\s+/g, "; ")
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", "\\|");
}

/** The code of a type, in which the names of types are links. Markdown is read inside `<code>`. */
export function linkedCode(code: string, linkOf: LinkOf): string {
  const parts = code.split(/("(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$]*)/);
  const shown = parts.map((part) => {
    const place = /^[A-Z]/.test(part) ? linkOf(part) : undefined;
    return place === undefined ? entities(part) : `[${part}](${place})`;
  });
  return `<code>${shown.join("")}</code>`;
}

/** What Vue, HTML and tables would read as theirs. */
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "{": "&#123;",
  "}": "&#125;",
  "|": "&#124;",
  "[": "&#91;",
  "]": "&#93;",
  "*": "&#42;",
  _: "&#95;",
  "`": "&#96;",
  $: "&#36;",
};

function entities(text: string): string {
  return text.replaceAll(/[&<>{}|[\]*_`$]/g, (character) => ENTITIES[character] ?? character);
}

function escaped(text: string): string {
  return text.replaceAll(/[<>{}]/g, (character) => ENTITIES[character] ?? character);
}
