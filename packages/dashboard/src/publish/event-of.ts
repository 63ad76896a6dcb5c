import type { AnyTopic } from "@anytopic/core";
import type { EventForm } from "../api/topics.ts";
import { HttpError } from "../http/http-error.ts";
import { jsonProblem } from "../letters/json-problem.ts";

/** In which forms an event of this topic can be written. The first is the usual one. */
export function formsOf({ codec }: AnyTopic): readonly EventForm[] {
  if (codec.name === "text") return ["text"];
  return codec.name === "bytes" ? ["text", "hex"] : ["json"];
}

/** What `publish` takes, from the text of the visitor. @throws HttpError 400 */
export function eventOf(topic: AnyTopic, form: EventForm, text: string): unknown {
  const forms = formsOf(topic);
  if (!forms.includes(form)) throw wrong(`form must be ${forms.join(" or ")} for topic ${topic.name}`);
  if (form === "json") return jsonOf(text);
  if (form === "hex") return bytesOfHex(text);
  return topic.codec.name === "text" ? text : new TextEncoder().encode(text);
}

function jsonOf(text: string): unknown {
  const problem = text.trim() === "" ? "it is empty" : jsonProblem(text);
  if (problem !== undefined) throw wrong(`the event cannot be read: ${problem}`);
  const rounded = roundedNumber(text);
  if (rounded !== undefined)
    throw wrong(`the number ${rounded} is too long for JavaScript, which would round it: write it in quotes`);
  return JSON.parse(text) as unknown;
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A whole number that would become another one. */
function roundedNumber(json: string): string | undefined {
  for (const [token] of json.matchAll(STRING_OR_NUMBER)) {
    if (/^-?\d{16,}$/.test(token) && String(BigInt(Number(token))) !== String(BigInt(token))) return token.slice(0, 40);
  }
  return undefined;
}

function bytesOfHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) {
    throw wrong("the event is not hexadecimal: write two digits for each byte, such as 0a ff");
  }
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

function wrong(message: string): HttpError {
  return new HttpError(400, "WRONG_ARGUMENT", message);
}
