import { lineForTerminal } from "./for-terminal.ts";

const MAX_SHOWN = 20;

/** `key=value key="with space"`, or nothing. */
export function shownAttributes(attributes: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(attributes);
  const shown = pairs.slice(0, MAX_SHOWN).map(([key, value]) => `${quoted(key)}=${quoted(value)}`);
  if (pairs.length > MAX_SHOWN) shown.push(`… (${pairs.length - MAX_SHOWN} more, --json has all)`);
  return shown.join(" ");
}

/** In quotes if it would otherwise be ambiguous. */
function quoted(text: string): string {
  const line = lineForTerminal(text);
  return line === "" || /[\s"]/.test(line) ? JSON.stringify(line) : line;
}
