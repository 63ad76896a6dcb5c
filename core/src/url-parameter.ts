/** What an error says in place of the name of a URL's parameter that `mayShowParameter` does not permit. */
export const HIDDEN_PARAMETER = "(not shown: it may be part of a password, in which ? is written %3F)";

/**
 * Whether an error may show the name of an unknown parameter of this URL, which may also be its query alone. A password with a `?` in it that was not escaped ends up
 * in the query, up to the `@` behind it.
 */
export function mayShowParameter(url: string, name: string): boolean {
  return /^[a-z_-]{1,40}$/i.test(name) && !url.includes("@", url.indexOf("?"));
}
