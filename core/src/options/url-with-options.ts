import { isDeepStrictEqual } from "node:util";

import { PubSubError } from "../base/errors.ts";
import { quotedNames } from "./option-checks.ts";

/**
 * What a URL says and what options say, as one. The same value in both is fine; nobody can tell which of two different ones is
 * meant. An option that is `undefined` says nothing.
 *
 * @param adapter the adapter's name, for the message
 * @throws PubSubError `INVALID_CONFIG` that names every option the two disagree on, without its values: they may be secrets
 */
export function urlWithOptions<FromUrl extends object, Options extends object>(
  adapter: string,
  fromUrl: FromUrl,
  options: Options,
): FromUrl & Options {
  const merged = new Map<string, unknown>(Object.entries(fromUrl).filter(([, value]) => value !== undefined));
  const conflicts: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (merged.has(name) && !isDeepStrictEqual(merged.get(name), value)) conflicts.push(name);
    merged.set(name, value);
  }
  if (conflicts.length === 0) return Object.fromEntries(merged) as FromUrl & Options;
  throw new PubSubError(
    "INVALID_CONFIG",
    `${adapter}: the URL and the options disagree on ${quotedNames(conflicts)}: say it in one of them, or the same in both`,
  );
}
