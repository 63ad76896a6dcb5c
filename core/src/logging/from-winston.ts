import type { Logger } from "../base/logger.ts";

/** What is used of a winston logger. */
export interface WinstonLike {
  log(entry: { readonly level: string; readonly message: string; readonly [field: string]: unknown }): unknown;
  /** Its levels: some have `warning` instead of `warn`. */
  readonly levels?: Readonly<Record<string, number>> | undefined;
}

/** A winston logger as a `Logger`: winston wants the message first, and loses it when it comes second. Fields become metadata. */
export function fromWinston(logger: WinstonLike): Logger {
  const levels = logger.levels ?? {};
  const warn = !Object.hasOwn(levels, "warn") && Object.hasOwn(levels, "warning") ? "warning" : "warn";
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void logger.log({ ...fields, level, message });
  return Object.freeze({ debug: at("debug"), info: at("info"), warn: at(warn), error: at("error") });
}
