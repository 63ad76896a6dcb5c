/** Characters that are invisible, or turn the direction of what follows. */
const INVISIBLE = /[\p{Cf}\p{Cc}\p{Zl}\p{Zp}]/gu;
/** Strangers may nest as deep as they like. */
const MAX_INDENT = 40;
const MAX_PRETTY_CHARACTERS = 1024 * 1024;
const TOKEN = /"(?:[^"\\]|\\[^])*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/** Valid JSON with line breaks and two spaces. Numbers, keys and texts keep their spelling: `1e400` and a key that is there twice too. The same text when it would become very long. */
export function prettyJson(json: string): string {
  const parts: string[] = [];
  let depth = 0;
  let before = "";
  let characters = 0;
  const line = (): string => `\n${"  ".repeat(Math.min(depth, MAX_INDENT))}`;
  for (const [token] of json.matchAll(TOKEN)) {
    const opens = before === "{" || before === "[";
    if (token === "}" || token === "]") {
      depth -= 1;
      parts.push(opens ? token : line() + token);
    } else {
      const gap = opens || before === "," ? line() : before === ":" ? " " : "";
      parts.push(gap + (token.startsWith('"') ? escapedToken(token) : token));
      if (token === "{" || token === "[") depth += 1;
    }
    before = token;
    characters += (parts.at(-1) ?? "").length;
    if (characters > MAX_PRETTY_CHARACTERS) return json;
  }
  return parts.join("");
}

/** Valid JSON without the spaces between its parts. */
export function compactJson(json: string): string {
  return [...json.matchAll(TOKEN)].map(([token]) => token).join("");
}

/** The same JSON text, with what is invisible, or turns the direction, written as `\u202e`. */
export function escapedToken(token: string): string {
  return token.replace(INVISIBLE, (character) => {
    let units = "";
    for (let index = 0; index < character.length; index += 1) {
      units += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }
    return units;
  });
}
