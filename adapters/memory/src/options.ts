import {
  type Checked,
  checkOptions,
  option,
  type OptionsFromUrl,
  type OptionTable,
  queryOptions,
  type UrlForm,
  urlReader,
} from "@anytopic/core/driver";
// oxlint-disable-next-line import/no-empty-named-blocks -- the compiler finds what is declared below only with an import
import type {} from "@anytopic/core/config";
import {
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_DEDUPLICATION_IDS,
  DEFAULT_MAX_MESSAGES,
  MAX_MESSAGE_BYTES,
  type MemoryLimits,
} from "./limits.ts";

type PartialLimits = { readonly [Key in keyof MemoryLimits]?: MemoryLimits[Key] | undefined };

/** The broker in memory, for `memory()` and for the options beside a URL. */
export interface MemoryOptions extends PartialLimits {
  /** Connections with the same name share a broker, as long as the process lives. 1 to 64 letters, digits, `.`, `_`, `-`. @default a broker of its own */
  readonly name?: string | undefined;
}

export type CheckedOptions = Checked<MemoryOptions, keyof MemoryLimits>;

const NAME = {
  matches: /^[A-Za-z0-9._-]{1,64}$/,
  allowed: '1 to 64 letters, digits, ".", "_" or "-"',
};

export const OPTIONS: OptionTable<CheckedOptions> = {
  adapter: "memory",
  rules: {
    name: option.text({ ...NAME, inUrl: false }),
    maxMessages: option.integer({ min: 1, max: 100_000_000, unit: "messages", default: DEFAULT_MAX_MESSAGES }),
    maxBytes: option.integer({ min: MAX_MESSAGE_BYTES, max: 2 ** 40, unit: "bytes", default: DEFAULT_MAX_BYTES }),
    maxDeduplicationIds: option.integer({
      min: 2,
      max: 10_000_000,
      unit: "ids",
      default: DEFAULT_MAX_DEDUPLICATION_IDS,
    }),
  },
};

/** @throws TypeError when an option is unknown or out of range */
export function checkedOptions(options: MemoryOptions): CheckedOptions {
  return checkOptions(OPTIONS, options);
}

/** How the URLs of this adapter look. */
export const URL_FORM: UrlForm<CheckedOptions> = {
  schemes: ["memory"],
  form: "memory:[name][?option=value&…]",
  examples: ["memory:", "memory:orders", "memory:orders?maxMessages=1000"],
  parts: { name: "`memory:name`" },
};

/** `memory:` is a broker of its own, `memory:name` a shared one. */
export const optionsFromUrl: OptionsFromUrl<CheckedOptions> = urlReader(OPTIONS, readUrl, checkedOptions);

function readUrl(url: string): MemoryOptions {
  const match = /^memory:(?:\/\/)?([^?#]*)(?:\?([^#]*))?$/.exec(url);
  if (match === null) throw new TypeError("a memory URL is memory:, or memory:name, and may end in ?option=value");
  const [, name = "", query = ""] = match;
  // What stands for the name may be a misplaced password: the error does not show it.
  if (name !== "" && !NAME.matches.test(name)) throw new TypeError(`the name in a memory URL must be ${NAME.allowed}`);
  return { ...(name === "" ? {} : { name }), ...queryOptions(OPTIONS, url, query) };
}

/** For `defineConfig`. */
declare module "@anytopic/core/config" {
  interface AdapterOptions {
    /** With a URL that begins with `memory:`. */
    readonly memory: MemoryOptions;
  }
}
