import { PubSubError } from "../base/errors.ts";
import { shown } from "../base/shown.ts";

const SPACE = /[ \t\r\n]*/y;
const TEXT = /"(?:[^"\\\r\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const MAX_DEPTH = 100;

/**
 * Parses JSON. Errors give line and column, and a repeated key is an error: `JSON.parse` would silently use the last one.
 *
 * @throws PubSubError `INVALID_CONFIG`
 */
export function parseJson(text: string, where: string): unknown {
  return new JsonReader(text.replace(/^\uFEFF/, ""), where).document();
}

class JsonReader {
  readonly #text: string;
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  document(): unknown {
    this.#skip();
    if (this.#at === this.#text.length) this.#fail("the file is empty: expected an object, {}");
    const value = this.#value(0);
    this.#skip();
    if (this.#at < this.#text.length) this.#fail("there is text after the end of the value");
    return value;
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} levels`);
    const next = this.#text[this.#at];
    if (next === "{") return this.#object(depth);
    if (next === "[") return this.#list(depth);
    if (next === '"') return this.#string();
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number);
    const word = this.#match(WORD);
    if (word !== undefined) return word === "null" ? null : word === "true";
    return this.#fail(`expected a value${this.#hint()}`);
  }

  #object(depth: number): unknown {
    const entries = new Map<string, unknown>();
    this.#at += 1;
    this.#skip();
    while (this.#text[this.#at] !== "}") {
      if (this.#text[this.#at] !== '"') this.#fail(`expected a key in double quotes, or }${this.#hint()}`);
      const keyAt = this.#at;
      const key = this.#string();
      if (entries.has(key)) this.#fail(`the key ${shown(key)} is there twice`, keyAt);
      this.#skip();
      if (this.#text[this.#at] !== ":") this.#fail(`expected : after the key${this.#hint()}`);
      this.#at += 1;
      this.#skip();
      entries.set(key, this.#value(depth + 1));
      this.#separator("}");
    }
    this.#at += 1;
    // `fromEntries` makes own properties, also for a key such as `__proto__`.
    return Object.fromEntries(entries);
  }

  #list(depth: number): unknown {
    const items: unknown[] = [];
    this.#at += 1;
    this.#skip();
    while (this.#text[this.#at] !== "]") {
      items.push(this.#value(depth + 1));
      this.#separator("]");
    }
    this.#at += 1;
    return items;
  }

  #separator(end: "}" | "]"): void {
    this.#skip();
    if (this.#text[this.#at] === end) return;
    if (this.#text[this.#at] !== ",") this.#fail(`expected , or ${end}${this.#hint()}`);
    const comma = this.#at;
    this.#at += 1;
    this.#skip();
    if (this.#text[this.#at] === end) this.#fail(`a comma before ${end} is not allowed`, comma);
  }

  #string(): string {
    const found = this.#match(TEXT);
    if (found === undefined) this.#fail("the text that begins here does not end on its line, or has a wrong escape");
    try {
      return JSON.parse(found) as string;
    } catch {
      return this.#fail("control characters in text are written as escapes, a tab as \\t", this.#at - found.length);
    }
  }

  #skip(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #hint(): string {
    const rest = this.#text.slice(this.#at, this.#at + 2);
    if (rest === "") return ", but the file ends here";
    if (rest === "//" || rest === "/*" || rest[0] === "#") {
      return "; JSON has no comments: use anytopic.config.yaml or anytopic.config.ts";
    }
    return rest[0] === "'" ? "; JSON takes double quotes" : "";
  }

  /** The error gives the place and not the text, which may be a password. */
  #fail(problem: string, at = this.#at): never {
    const before = this.#text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    throw new PubSubError("INVALID_CONFIG", `${this.#where}:${line}:${column}: ${problem}`);
  }
}
