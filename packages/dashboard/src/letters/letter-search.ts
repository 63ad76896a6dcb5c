import { HttpError } from "../http/http-error.ts";
import type { KeptLetter } from "./kept-letter.ts";
import { strictText } from "./strict-text.ts";

const MAX_TEXT = 200;

/** What the visitor looks for. */
export interface LetterSearch {
  readonly group: string | undefined;
  /** Lower case; in id, key, attributes, error or the beginning of the body. */
  readonly text: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}

/** @throws HttpError 400 that names what is wrong */
export function letterSearch(query: URLSearchParams): LetterSearch {
  const text = query.get("text") ?? "";
  if (text.length > MAX_TEXT) throw new HttpError(400, "WRONG_QUERY", `text has more than ${MAX_TEXT} characters`);
  return {
    group: query.get("group") ?? undefined,
    text: text === "" ? undefined : text.toLowerCase(),
    fromMs: timeOf("from", query.get("from"), Number.NEGATIVE_INFINITY),
    toMs: timeOf("to", query.get("to"), Number.POSITIVE_INFINITY),
  };
}

export function fits(letter: KeptLetter, { group, text, fromMs, toMs }: LetterSearch): boolean {
  if (group !== undefined && letter.group !== group) return false;
  const failedMs = letter.lastFailureTime.getTime();
  if (failedMs < fromMs || failedMs > toMs) return false;
  return text === undefined || has(letter, text);
}

function has(letter: KeptLetter, text: string): boolean {
  const { id, orderingKey = "", errorName, errorMessage, attributes, body } = letter;
  for (const part of [id, orderingKey, errorName, errorMessage]) if (part.toLowerCase().includes(text)) return true;
  for (const [key, value] of Object.entries(attributes)) {
    if (`${key}=${value}`.toLowerCase().includes(text)) return true;
  }
  // What is no UTF-8 is searched too, as far as it is readable; a cut may have parted the last character.
  return (strictText(body) ?? Buffer.from(body).toString()).toLowerCase().includes(text);
}

function timeOf(name: string, given: string | null, missing: number): number {
  if (given === null || given === "") return missing;
  const ms = Date.parse(given);
  if (Number.isNaN(ms)) throw new HttpError(400, "WRONG_QUERY", `${name} is no time: write it as 2026-11-26T03:00`);
  return ms;
}
