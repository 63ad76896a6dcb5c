import type { Logger } from "@anytopic/core";
import type { HistoryWriter } from "./history.ts";

/** Puts what the library says into the history, where it stands beside what happened. `debug` is left out. */
export function historyLogger(history: HistoryWriter): Logger {
  const write =
    (level: "info" | "warn" | "error") =>
    (fields: object, message: string): void => {
      const { topic } = fields as { readonly topic?: string };
      history.write({ type: "log", level, text: topic === undefined ? message : `${topic}: ${message}` });
    };
  return { debug: () => {}, info: write("info"), warn: write("warn"), error: write("error") };
}
