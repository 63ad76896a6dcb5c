// Controls, format characters (direction, invisible, byte order mark), halves of characters, line separators.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** These join letters and emoji, and are harmless. */
const JOINERS = /[\u200C\u200D]/;

/** Text of strangers for a page: what is invisible, or turns the direction of the rest, is written as `\u202e`. */
export function visibleText(text: string, { keepsLines = false }: { readonly keepsLines?: boolean } = {}): string {
  return text.replace(UNSAFE, (character) => {
    if (JOINERS.test(character) || (keepsLines && (character === "\n" || character === "\t"))) return character;
    if (character === "\n") return "\\n";
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

export function hasInvisible(text: string): boolean {
  return visibleText(text, { keepsLines: true }) !== text;
}

/** Does not part a character. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  return text.slice(0, /[\uD800-\uDBFF]/.test(text[most - 1] ?? "") ? most - 1 : most);
}
