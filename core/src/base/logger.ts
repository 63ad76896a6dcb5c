/**
 * Where diagnostics go. The interface of pino and of many other loggers: the object first, then the message. Core and adapters log
 * conditions that an operator should know, once per change, and never payloads, attributes or credentials.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ignore = (): void => {};

/** Writes nothing. */
export const silentLogger: Logger = Object.freeze({ debug: ignore, info: ignore, warn: ignore, error: ignore });
