/**
 * Where diagnostics go: the shape of pino and of most loggers, object first. Core and adapters log conditions an
 * operator should know, once per change; never payloads, attributes or credentials.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ignore = (): void => {};

/** The default: says nothing. */
export const silentLogger: Logger = Object.freeze({ debug: ignore, info: ignore, warn: ignore, error: ignore });
