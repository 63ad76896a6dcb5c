import type { Logger } from "./logger.ts";

/** A logger that throws must not break a settle or a reconnect. */
export function guardedLogger(logger: Logger): Logger {
  const guarded =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message);
      } catch {
        // There is nowhere to report it.
      }
    };
  return Object.freeze({
    debug: guarded("debug"),
    info: guarded("info"),
    warn: guarded("warn"),
    error: guarded("error"),
  });
}
