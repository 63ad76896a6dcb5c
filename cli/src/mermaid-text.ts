/**
 * Text in a label: Mermaid reads it between quotation marks as Markdown and HTML, so everything but letters, digits and harmless
 * punctuation becomes an entity. https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters (2026-11-26)
 */
export function mermaidText(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ").trim();
  return `"${line.replaceAll(UNSAFE, escaped)}"`;
}

/** All but letters and digits of any language, and punctuation that no part of Mermaid reads. */
const UNSAFE = /[^\p{L}\p{N}\p{M} .,/+()-]/gu;

function escaped(character: string): string {
  return `#${character.codePointAt(0)};`;
}

/** An id of a node, the same for the same text and for no other: what is no letter or digit becomes `_hex_`. The prefix keeps it from being a word of Mermaid. */
export function mermaidId(prefix: string, text: string): string {
  return prefix + text.replaceAll(/[^A-Za-z0-9]/gu, (other) => `_${other.codePointAt(0)?.toString(16)}_`);
}
