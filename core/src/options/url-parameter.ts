/** What an error says in place of the name of a URL's parameter that `mayShowParameter` does not permit. */
export const HIDDEN_PARAMETER = "(not shown: it may be part of a password, in which ? is written %3F)";

/**
 * Whether an error may show the name of an unknown parameter. A password with a `?` in it that was not escaped ends up in
 * the query, up to the `@` behind it.
 *
 * @param url the whole URL, or only its query
 */
export function mayShowParameter(url: string, name: string): boolean {
  return /^[a-z_-]{1,40}$/i.test(name) && !url.includes("@", url.indexOf("?"));
}
