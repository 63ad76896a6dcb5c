/** What an error shows instead of the name of a URL parameter for which `mayShowParameter` is false. */
export const HIDDEN_PARAMETER = "(not shown: it may be part of a password, in which ? is written %3F)";

/**
 * Whether an error may show the name of an unknown parameter. When a password contains a `?` that is not escaped, its end is in the
 * query, before an `@`.
 *
 * @param url the whole URL, or only its query
 */
export function mayShowParameter(url: string, name: string): boolean {
  return /^[a-z_-]{1,40}$/i.test(name) && !url.includes("@", url.indexOf("?"));
}
