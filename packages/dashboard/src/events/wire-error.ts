import type { WireError } from "../api/wire-event.ts";

/** The longest message of an error that is kept, in characters: whoever may publish can have a say in it. */
const MAX_MESSAGE = 500;
const MAX_NAME = 80;

/** What was thrown, as data that holds on to nothing: not to the error, its causes, or the rest of a long message. */
export function wireError(thrown: unknown): WireError {
  try {
    if (!(thrown instanceof Error)) return { name: typeof thrown, message: copied(String(thrown), MAX_MESSAGE) };
    // A class of its own may have anything in their place.
    const { name, message, code } = thrown as {
      readonly name: unknown;
      readonly message: unknown;
      readonly code?: unknown;
    };
    const named = { name: copied(String(name), MAX_NAME), message: copied(String(message), MAX_MESSAGE) };
    return typeof code === "string" ? { ...named, code: copied(code, MAX_NAME) } : named;
  } catch {
    return { name: "unknown", message: "what was thrown cannot be shown" };
  }
}

/** A part of a text would keep the whole text alive. */
function copied(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${JSON.parse(JSON.stringify(text.slice(0, most))) as string}…`;
}
