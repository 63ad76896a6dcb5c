import type { AnyTopic } from "@anytopic/core";
import { UsageError } from "./usage-error.ts";

const HINT = `'{"accountId":"a1"}' in single quotes, or - to read it from stdin`;

/**
 * An event as the topic's codec needs it: text, bytes, or the value of a JSON text. @throws UsageError with line and
 * column
 */
export async function parseEvent({ codec }: AnyTopic, bytes: Uint8Array): Promise<unknown> {
  if (codec.name === "bytes") return bytes;
  const text = Buffer.from(bytes).toString("utf8");
  return codec.name === "text" ? text : await jsonOf(text);
}

async function jsonOf(text: string): Promise<unknown> {
  if (text.trim() === "") throw new UsageError("the event is empty", HINT);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`the event is not JSON: ${await problemOf(text)}`, HINT);
  }
}

/** JSON.parse does not always name the place, and it quotes the text, which must not reach logs. */
async function problemOf(text: string): Promise<string> {
  const { parseJson } = await import("@anytopic/core/config");
  try {
    parseJson(text, "event");
    return "it cannot be parsed";
  } catch (error) {
    const [, line = "", column = "", problem = ""] = /^event:(\d+):(\d+): ([^;]*)/.exec((error as Error).message) ?? [];
    return `line ${line}, column ${column}: ${problem.replace("the file ends here", "it ends here")}`;
  }
}
