const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-f]{4}))*"/iuy;
const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const SPACE = /[ \t\r\n]*/y;

type Wanted = "value" | "value or ]" | "name or }" | "name" | "colon" | "end of value";

const WORDS: Readonly<Record<Wanted, string>> = {
  value: "a value is missing: text in double quotes, a number, true, false, null, { or [",
  "value or ]": "a value or ] is missing",
  "name or }": "a name in double quotes or } is missing",
  name: "a name in double quotes is missing",
  colon: "a colon is missing after the name",
  "end of value": "a comma or the closing bracket is missing",
};

/** What is wrong with a text that is no JSON, with line and column; `undefined` when it is JSON. JavaScript's own errors often have no place. */
export function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    const { index, words } = firstProblem(text);
    const lines = text.slice(0, index).split("\n");
    return `not JSON at line ${lines.length}, column ${(lines.at(-1) ?? "").length + 1}: ${words}`;
  }
}

function firstProblem(text: string): { readonly index: number; readonly words: string } {
  const open: ("{" | "[")[] = [];
  let wanted: Wanted = "value";
  let index = 0;
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = index;
    const found = pattern.exec(text)?.[0];
    index += found?.length ?? 0;
    return found !== undefined && found !== "";
  };
  for (;;) {
    match(SPACE);
    const character = text[index];
    if (character === undefined || (wanted === "end of value" && open.length === 0)) break;
    const next = step(character, wanted, open);
    if (next !== undefined) {
      wanted = next;
      index += 1;
    } else if (wanted === "name" || wanted === "name or }") {
      if (!match(STRING)) break;
      wanted = "colon";
    } else if (wanted === "value" || wanted === "value or ]") {
      if (!match(STRING) && !match(WORD)) break;
      wanted = "end of value";
    } else break;
  }
  if (wanted === "end of value" && open.length === 0) return { index, words: "there is more after the end" };
  const inText = text[index] === '"' && wanted !== "colon" && wanted !== "end of value";
  return { index, words: inText ? "the text is not closed, or has a line break or a wrong \\" : WORDS[wanted] };
}

/** What a single character makes of it; `undefined` when it is none of JSON's own here. */
function step(character: string, wanted: Wanted, open: ("{" | "[")[]): Wanted | undefined {
  const isValue = wanted === "value" || wanted === "value or ]";
  if (isValue && (character === "{" || character === "[")) {
    open.push(character);
    return character === "{" ? "name or }" : "value or ]";
  }
  const closes = character === "}" ? "{" : character === "]" ? "[" : undefined;
  const mayClose = wanted === "end of value" || wanted === (character === "}" ? "name or }" : "value or ]");
  if (closes !== undefined && mayClose && open.at(-1) === closes) {
    open.pop();
    return "end of value";
  }
  if (wanted === "colon" && character === ":") return "value";
  if (wanted === "end of value" && character === ",") return open.at(-1) === "{" ? "name" : "value";
  return undefined;
}
