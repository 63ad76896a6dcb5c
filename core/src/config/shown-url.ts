import { hasKnownScheme, shownScheme } from "../base/url-scheme.ts";
import { mayShowParameter } from "../options/url-parameter.ts";

const HIDDEN = "***";
/** Matches hosts, ports, and names of a virtual host, a project or a region. */
const PLACE = /^[\w.:/,%[\]-]*$/;

/**
 * A broker's URL as it may be printed: without user, password and the values of its query. In a misspelled URL these may be anywhere: a
 * text that does not look like a part of a URL is hidden, and everything is hidden when an `@` follows the first `?` or `#`.
 */
export function shownUrl(url: string): string {
  const [, scheme = "", slashes = "", rest = ""] = /^([^:/?#@]*:)?(\/*)([^]*)$/.exec(url) ?? [];
  const start = hasKnownScheme(url) || scheme === "" ? scheme : (shownScheme(url) ?? `${HIDDEN}:`);
  const end = rest.search(/[?#]/);
  const [before, query] = end === -1 ? [rest, undefined] : [rest.slice(0, end), rest.slice(end + 1)];
  if (query?.includes("@") === true) return `${start}${slashes}${HIDDEN}`;
  const at = before.lastIndexOf("@");
  const place = before.slice(at + 1);
  const shownPlace = `${at === -1 ? "" : `${HIDDEN}@`}${PLACE.test(place) ? place : HIDDEN}`;
  if (query === undefined) return `${start}${slashes}${shownPlace}`;
  const names = query.split("&").map((pair) => (pair.includes("=") ? (pair.split("=")[0] ?? "") : ""));
  const shownNames = names.map((name) => (mayShowParameter(url, name) ? `${name}=${HIDDEN}` : HIDDEN));
  return `${start}${slashes}${shownPlace}?${shownNames.join("&")}`;
}
