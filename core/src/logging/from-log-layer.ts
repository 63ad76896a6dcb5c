import type { Logger } from "../base/logger.ts";

/** What is used of a LogLayer logger. */
export interface LogLayerLike {
  withMetadata(fields: Record<string, unknown>): Readonly<Record<keyof Logger, (message: string) => unknown>>;
}

/** A LogLayer logger as a `Logger`. Fields become metadata. */
export function fromLogLayer(logger: LogLayerLike): Logger {
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      void logger.withMetadata({ ...fields })[level](message);
  return Object.freeze({ debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });
}
