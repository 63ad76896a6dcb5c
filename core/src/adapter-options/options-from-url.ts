import { type OptionRule } from "./option-kinds.ts";
import { isDeepStrictEqual } from "node:util";
import { PubSubError } from "../base/errors.ts";
import { shown } from "../base/shown.ts";
import type { OptionTable } from "./option-table.ts";
import { urlWords } from "./url-words.ts";

/** @throws PubSubError `INVALID_CONFIG`, without a `cause`, which might contain the URL */
export type OptionsFromUrl<Checked> = (url: string, options?: unknown) => Checked;

/**
 * Returns a function that reads the options of a URL and of an object together. An option may be in both with the same value; two
 * different values are an error. An option that is `undefined` counts as absent.
 *
 * @param readUrl reads the URL, its query with `queryOptions`; throws a `TypeError` that shows no part which may be secret
 * @param check checks all options; throws a `TypeError`
 */
export function urlReader<Options extends object, Checked>(
  table: OptionTable,
  readUrl: (url: string) => Options,
  check: (options: Options) => Checked,
): OptionsFromUrl<Checked> {
  return (url, options = {}) => {
    try {
      if (typeof options !== "object" || options === null || Array.isArray(options))
        throw new TypeError(`${table.adapter}: options are ${shown(options)}: must be an object`);
      return check(merged(table, readUrl(url), options));
    } catch (error) {
      if (error instanceof TypeError) throw new PubSubError("INVALID_CONFIG", error.message);
      throw error;
    }
  };
}

function merged<Options extends object>(table: OptionTable, fromUrl: Options, options: object): Options {
  const said = new Map<string, unknown>(Object.entries(fromUrl));
  const given = new Map<string, unknown>(Object.entries(options).filter(([, value]) => value !== undefined));
  const names = [...given.keys()].filter(
    (name) => said.get(name) !== undefined && !isDeepStrictEqual(said.get(name), given.get(name)),
  );
  const [first] = names;
  if (first === undefined) return Object.fromEntries([...said, ...given]) as Options;
  const rules: Readonly<Record<string, OptionRule<unknown>>> = table.rules;
  const mayShow = ["integer", "boolean", "text"].includes(rules[first]?.kind ?? "");
  const [inUrl, inOptions] = mayShow ? [shown(said.get(first)), shown(given.get(first))] : ["one", "another one"];
  throw new TypeError(urlWords(table.adapter, table.words).conflict(first, inUrl, inOptions, names));
}
