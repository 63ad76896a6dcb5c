import {
  type Checked,
  checkOptions,
  option,
  type OptionsFromUrl,
  type OptionTable,
  queryOptions,
  urlReader,
} from "@anytopic/core/driver";
import { isNamePart, NAME_PART_RULE } from "./names.ts";

export interface RedisOptions {
  /** @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** @default 6379 */
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Put before the name of every key, with a colon, so that several environments can share a server. @default "" */
  readonly prefix?: string | undefined;
}

/** Options with all defaults; frozen. */
export type CheckedOptions = Checked<RedisOptions, "host" | "port" | "prefix">;

export const OPTIONS: OptionTable<CheckedOptions> = {
  adapter: "redis",
  rules: {
    host: option.text({ inUrl: false, default: "127.0.0.1" }),
    port: option.integer({ min: 1, max: 65_535, default: 6379 }),
    username: option.text({ inUrl: false }),
    password: option.secret(),
    prefix: option.text({
      matches: (prefix) => prefix === "" || (prefix.length <= 64 && isNamePart(prefix)),
      allowed: `up to 64 ${NAME_PART_RULE}`,
      default: "",
    }),
  },
};

/** @throws TypeError when an option is unknown or out of range */
export function checkedOptions(options: RedisOptions): CheckedOptions {
  return checkOptions(OPTIONS, options);
}

export const optionsFromUrl: OptionsFromUrl<CheckedOptions> = urlReader(OPTIONS, readUrl, checkedOptions);

function readUrl(url: string): RedisOptions {
  const match = /^redis:\/\/([^/?#]*)\/?(?:\?([^#]*))?$/.exec(url);
  if (match === null) throw new TypeError("the Redis URL is malformed: must be redis://host[:port][?option=value]");
  const [, authority = "", query = ""] = match;
  const [host = "", port] = authority.split(":");
  return {
    ...(host === "" ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...queryOptions(OPTIONS, url, query),
  };
}
