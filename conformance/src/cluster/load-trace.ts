import type { Logger } from "@anytopic/core";

const MOST_LINES = 200_000;

/** The latest lines about what happened during a load, for a person who looks for a fault. */
export class LoadTrace {
  /** Errors that were logged, and say that the order may be broken. */
  readonly orderErrors: string[] = [];
  readonly #lines: string[] = [];

  note(words: string): void {
    this.#lines.push(`${new Date().toISOString().slice(11, 23)} ${words}`);
    if (this.#lines.length > MOST_LINES) this.#lines.splice(0, MOST_LINES / 2);
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  /** Notes all that one connection logs. */
  logger(name: string): Logger {
    const noteAs =
      (level: string) =>
      (details: object, message: string): void =>
        this.note(`${name} ${level} ${message} ${JSON.stringify(details)}`);
    const noteError = noteAs("error");
    return {
      debug: noteAs("debug"),
      info: noteAs("info"),
      warn: noteAs("warn"),
      error: (details, message) => {
        noteError(details, message);
        if (message.includes("out of order")) this.orderErrors.push(message);
      },
    };
  }
}
