import {
  HIDDEN_PARAMETER,
  mayShowParameter,
  PubSubError,
  rejectUnknownKeys,
  shown,
  urlWithOptions,
} from "@anytopic/core/driver";
import { type CheckedOptions, checkedOptions, OPTION_NAMES, type RabbitmqOptions } from "./options.ts";

type Settable = { -readonly [Name in keyof RabbitmqOptions]: RabbitmqOptions[Name] };

/** Query parameters: RabbitMQ's own names where it has some. */
const PARAMETERS: Readonly<Record<string, (options: Settable, value: string) => void>> = {
  heartbeat: (options, value) => (options.heartbeatSeconds = wholeNumber("heartbeat", value)),
  connection_timeout: (options, value) => (options.connectTimeoutMs = wholeNumber("connection_timeout", value)),
  prefix: (options, value) => (options.prefix = value),
  connection_name: (options, value) => (options.connectionName = value),
  content_type: (options, value) => (options.contentType = value),
  management_url: (options, value) => (options.managementUrl = value),
};

/** Options from a URL with query parameters and an object of further options, which must not disagree; throws `INVALID_CONFIG`, without secrets. */
export function optionsFromUrl(url: string, further: unknown): CheckedOptions {
  try {
    return checkedOptions(merged(url, further));
  } catch (error) {
    // Nothing of the cause: what read the URL keeps it.
    throw new PubSubError("INVALID_CONFIG", (error as Error).message);
  }
}

function merged(url: string, further: unknown): RabbitmqOptions {
  const given: unknown = further ?? {};
  if (typeof given !== "object" || given === null)
    throw new TypeError(`rabbitmq: options are ${shown(given)}: must be an object`);
  const names = OPTION_NAMES.filter((name) => name !== "url");
  rejectUnknownKeys("rabbitmq with a URL", given, names);
  const options: Settable = {};
  const seen = new Set<string>();
  const [address = "", query = ""] = splitOnce(url, "?");
  for (const [name, value] of new URLSearchParams(query)) {
    const set = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    if (set === undefined) {
      const which = mayShowParameter(url, name) ? JSON.stringify(name) : HIDDEN_PARAMETER;
      throw new TypeError(
        `rabbitmq: the URL has no parameter ${which}: known are ${Object.keys(PARAMETERS).join(", ")}`,
      );
    }
    if (seen.has(name)) throw new TypeError(`rabbitmq: the URL has ${name} twice`);
    seen.add(name);
    set(options, value);
  }
  options.url = address;
  return urlWithOptions<RabbitmqOptions, RabbitmqOptions>("rabbitmq", options, given);
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function wholeNumber(name: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new TypeError(`rabbitmq: the URL's ${name} is ${shown(value)}: must be a whole number`);
}
