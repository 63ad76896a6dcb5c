/** The longest id, reason, key or attribute that is shown, in characters; --json shows all of it. */
const MAX_LINE = 300;
/** The longest body or result that is shown, in characters. */
const MAX_BLOCK = 100_000;

// Controls (C0, DEL, C1), format characters (direction, invisible, byte order mark), halves of characters, line separators.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** These join letters and emoji, and are harmless. */
const JOINERS = /[\u200C\u200D]/;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\u{${code.toString(16)}}`;
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  // Does not cut within a character.
  const end = /[\uD800-\uDBFF]/.test(text[most - 1] ?? "") ? most - 1 : most;
  return `${text.slice(0, end)}… (${text.length - end} more characters, --json has all)`;
}

/**
 * Makes text that others wrote safe for one line: nothing in it controls the terminal, it has no line breaks, and its
 * length is limited. All foreign text in a line or a table goes through here.
 */
export function lineForTerminal(text: string): string {
  return cut(text, MAX_LINE).replace(UNSAFE, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return JOINERS.test(character) ? character : escaped(character);
  });
}

/** The same for text of several lines: it keeps lines and tabs. Everything that is printed goes through here. */
export function forTerminal(text: string, most: number = MAX_BLOCK): string {
  return cut(text, most).replace(UNSAFE, (character) =>
    character === "\n" || character === "\t" || JOINERS.test(character) ? character : escaped(character),
  );
}

/** JSON of the same value, in which nothing controls the terminal. */
export function jsonForTerminal(json: string): string {
  return json.replace(UNSAFE, (character) => {
    // JSON.stringify has escaped those inside strings; these are its own formatting.
    if (character === "\n" || JOINERS.test(character)) return character;
    let units = "";
    for (let index = 0; index < character.length; index += 1) {
      units += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }
    return units;
  });
}

/** A time that others wrote may be invalid. */
export function timeForTerminal(time: Date): string {
  return Number.isNaN(time.getTime()) ? "unknown" : time.toISOString();
}
