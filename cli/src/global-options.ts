import type { OptionSpecs } from "./command.ts";

/** Flags that every command takes. */
export const GLOBAL_OPTIONS: OptionSpecs = Object.freeze({
  url: { type: "string", value: "URL", description: "the broker; wins over ANYTOPIC_URL and the configuration file" },
  config: { type: "string", value: "FILE", description: "the configuration file (default: anytopic.config.*)" },
  declarations: {
    type: "string",
    value: "MODULE",
    multiple: true,
    description: "a module that exports topics and subscriptions; may be repeated",
  },
  json: { type: "boolean", description: "machine-readable output on stdout" },
  debug: { type: "boolean", description: "stack traces and the broker's own errors" },
  help: { type: "boolean", short: "h", description: "how to use the command" },
});
