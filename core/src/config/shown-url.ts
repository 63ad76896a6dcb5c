/** A broker's URL as it may be printed: without user, password and the values of its query. */
export function shownUrl(url: string): string {
  const [, start = "", rest = ""] = /^([a-z][a-z0-9+.-]*:(?:\/\/)?)?([^]*)$/i.exec(url) ?? [];
  const [place = "", query] = rest.split(/[?#]/, 2);
  const at = place.lastIndexOf("@");
  const shownPlace = at === -1 ? place : `***${place.slice(at)}`;
  if (query === undefined) return start + shownPlace;
  const keys = query.split("&").map((pair) => `${pair.split("=")[0]}=***`);
  return `${start}${shownPlace}?${keys.join("&")}`;
}
