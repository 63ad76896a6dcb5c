import { type OptionRule } from "./option-kinds.ts";
import { shown } from "../base/shown.ts";
import { suggestion } from "../options/closest-name.ts";
import type { OptionTable } from "./option-table.ts";
import { HIDDEN_PARAMETER, mayShowParameter } from "../options/url-parameter.ts";
import { urlWords } from "./url-words.ts";

/**
 * Reads the options in the query of a URL, without checking them.
 *
 * @param url the whole URL: when its query may contain a part of a password, errors do not show it
 * @throws TypeError when a parameter is unknown, repeated, or not readable as its kind
 */
export function queryOptions<Values>(table: OptionTable<Values>, url: string, query: string): Partial<Values> {
  const { adapter, rules, words } = table;
  const say = urlWords(adapter, words);
  const parameters = new Map<string, readonly [name: string, kind: OptionRule<unknown>["kind"]]>();
  for (const [name, { inUrl, kind }] of Object.entries<OptionRule<unknown>>(rules))
    if (inUrl !== false) parameters.set(inUrl === true ? name : inUrl, [name, kind]);
  const options = new Map<string, unknown>();
  for (const [parameter, text] of new URLSearchParams(query)) {
    const mayShow = mayShowParameter(url, parameter);
    const found = parameters.get(parameter);
    if (found === undefined) {
      const known = [...parameters.keys()];
      const what = say.unknown(mayShow ? say.quoted(parameter) : HIDDEN_PARAMETER);
      throw new TypeError(`${what}: known are ${known.join(", ")}${mayShow ? suggestion([parameter], known) : ""}`);
    }
    const [name, kind] = found;
    if (options.has(name)) throw new TypeError(say.twice(parameter));
    const value = valueOf(kind, text);
    if (value === undefined) {
      const allowed = kind === "integer" ? "a whole number" : "true or false";
      throw new TypeError(`${say.unreadable(parameter, mayShow ? shown(text) : "(not shown)")}: must be ${allowed}`);
    }
    options.set(name, value);
  }
  return Object.fromEntries(options) as Partial<Values>;
}

/** Reads a text of a URL; `undefined` when it is not a value of the kind. */
function valueOf(kind: OptionRule<unknown>["kind"], text: string): unknown {
  if (kind === "integer") return /^\d+$/.test(text) ? Number(text) : undefined;
  if (kind === "boolean") return text === "true" || text === "false" ? text === "true" : undefined;
  return text;
}
