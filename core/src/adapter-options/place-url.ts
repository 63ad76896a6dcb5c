/**
 * Reads the URL of a cloud, `scheme://place?option=value`. It must have no other parts, and no credentials.
 *
 * @param credentials the end of the error's sentence: where credentials come from instead
 * @throws TypeError that shows no part of the URL, which may contain a password
 */
export function readPlaceUrl(
  text: string,
  scheme: string,
  place: string,
  credentials: string,
): { readonly place: string | undefined; readonly query: string } {
  const form = `must be of the form ${scheme}://<${place}>?option=value`;
  const url = URL.parse(text);
  if (url?.protocol !== `${scheme}:`)
    throw new TypeError(`the URL cannot be read, or does not begin with ${scheme}: it ${form}`);
  if (url.username !== "" || url.password !== "")
    throw new TypeError(`the ${scheme}: URL holds a user or password: take them out, ${credentials}`);
  if (url.port !== "" || !["", "/"].includes(url.pathname) || url.hash !== "")
    throw new TypeError(`the ${scheme}: URL has more than ${place} and query, such as a path: it ${form}`);
  return { place: url.hostname === "" ? undefined : url.hostname, query: url.search };
}
