import type { Adapter, AdapterModule } from "@anytopic/core/driver";
import {
  HIDDEN_PARAMETER,
  mayShowParameter,
  PubSubError,
  rejectUnknownKeys,
  requireInteger,
  shown,
  urlWithOptions,
} from "@anytopic/core/driver";
import { memoryCapabilities } from "./capabilities.ts";
import { openConnection } from "./connection.ts";
import type { MemoryLimits } from "./limits.ts";
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_DEDUPLICATION_IDS, DEFAULT_MAX_MESSAGES, MAX_MESSAGE_BYTES } from "./limits.ts";

type PartialLimits = { readonly [Key in keyof MemoryLimits]?: MemoryLimits[Key] | undefined };

export interface MemoryOptions extends PartialLimits {
  /** Connections with the same name share a broker, for the life of the process. 1 to 64 letters, digits, `.`, `_`, `-`. @default a broker of its own */
  readonly name?: string | undefined;
}

const OPTIONS = ["name", "maxMessages", "maxBytes", "maxDeduplicationIds"] as const;
const NUMBERS = ["maxMessages", "maxBytes", "maxDeduplicationIds"] as const;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * An in-memory broker for `connect`. Without a name every `connect` gets a broker of its own, which is gone when the
 * connection is closed.
 *
 * @throws TypeError when an option is unknown or out of range
 */
export function memory(options: MemoryOptions = {}): Adapter {
  rejectUnknownKeys("memory", options, OPTIONS);
  const { name } = options;
  if (name !== undefined && !(typeof name === "string" && NAME.test(name))) {
    throw new TypeError(`memory: name is ${shown(name)}: must be 1 to 64 letters, digits, ".", "_" or "-"`);
  }
  const limits: MemoryLimits = Object.freeze({
    maxMessages: requireInteger("memory: maxMessages", options.maxMessages ?? DEFAULT_MAX_MESSAGES, {
      min: 1,
      max: 100_000_000,
      unit: "messages",
    }),
    maxBytes: requireInteger("memory: maxBytes", options.maxBytes ?? DEFAULT_MAX_BYTES, {
      min: MAX_MESSAGE_BYTES,
      max: 2 ** 40,
      unit: "bytes",
    }),
    maxDeduplicationIds: requireInteger(
      "memory: maxDeduplicationIds",
      options.maxDeduplicationIds ?? DEFAULT_MAX_DEDUPLICATION_IDS,
      { min: 2, max: 10_000_000, unit: "ids" },
    ),
  });
  return Object.freeze({
    name: "memory",
    capabilities: memoryCapabilities,
    open: openConnection.bind(undefined, name, limits),
  });
}

/** `memory:` is a broker of its own, `memory:name` a shared one; options follow as a query: `memory:orders?maxMessages=1000`. The URL and `options` must not disagree. */
function memoryFromUrl(url: string, options: unknown = {}): Adapter {
  try {
    const match = /^memory:(?:\/\/)?([^?#]*)(?:\?([^#]*))?$/.exec(url);
    if (match === null) throw new TypeError("a memory URL is memory:, or memory:name, and may end in ?option=value");
    if (typeof options !== "object" || options === null) {
      throw new TypeError(`memory: adapterOptions is ${shown(options)}: must be an object`);
    }
    const [, name = "", query = ""] = match;
    // The part of the name may be a misplaced password: it is not shown.
    if (name !== "" && !NAME.test(name)) {
      throw new TypeError('the name in a memory URL must be 1 to 64 letters, digits, ".", "_" or "-"');
    }
    const fromUrl = { ...(name === "" ? {} : { name }), ...queryOptions(query) };
    return memory(urlWithOptions<MemoryOptions, MemoryOptions>("memory", fromUrl, options));
  } catch (error) {
    if (error instanceof TypeError) throw new PubSubError("INVALID_CONFIG", error.message, { cause: error });
    throw error;
  }
}

function queryOptions(query: string): MemoryOptions {
  const found: Record<string, number> = {};
  for (const [key, value] of new URLSearchParams(query)) {
    if (!(NUMBERS as readonly string[]).includes(key)) {
      const which = mayShowParameter(query, key) ? shown(key) : HIDDEN_PARAMETER;
      throw new TypeError(`a memory URL has no option ${which}: known are ${NUMBERS.join(", ")}`);
    }
    if (key in found) throw new TypeError(`the memory URL has the option ${key} twice`);
    found[key] = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  }
  return found;
}

/** For `connect("memory:…")`. */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["memory"]),
  fromUrl: memoryFromUrl,
});
