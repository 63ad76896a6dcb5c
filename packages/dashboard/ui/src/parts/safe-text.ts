// Controls (C0, DEL, C1), format characters (direction, invisible, byte order mark), halves of characters, line separators.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** These join letters and emoji, and are harmless. */
const JOINERS = /[\u200C\u200D]/;

/** Text that others wrote, for one line: what would be invisible or turn the line around is shown as its number. */
export function safeLine(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same for text of several lines. */
export function safeBlock(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === "\n" || character === "\t" ? character : escaped(character),
  );
}

function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  if (JOINERS.test(character)) return character;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
