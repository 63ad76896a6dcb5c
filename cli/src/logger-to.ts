import type { Logger } from "@anytopic/core";
import type { Output } from "./output.ts";

/** What something that runs for long reports, for people. */
export function loggerTo(output: Output): Logger {
  const note = (fields: object, text: string): void => {
    const { topic, subscription = topic } = fields as { readonly topic?: string; readonly subscription?: string };
    output.note(subscription === undefined ? text : `${subscription}: ${text}`);
  };
  return { debug: () => {}, info: note, warn: note, error: note };
}
