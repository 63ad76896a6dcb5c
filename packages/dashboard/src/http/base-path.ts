import { HttpError } from "./http-error.ts";

/** @throws TypeError */
export function checkedBasePath(given: unknown): string {
  const text = typeof given === "string" ? given.replace(/\/$/, "") : undefined;
  const isClean = text !== undefined && /^(\/[\w.~-]+)*$/.test(text) && !/\/\.\.?(\/|$)/.test(text);
  if (isClean) return text;
  throw new TypeError(
    `basePath is ${JSON.stringify(given)}: must be "" or a path such as "/admin/anytopic", of letters, digits, "-", ".", "_" and "~"`,
  );
}

/** The path below the base, without the first slash; `undefined` for the base itself without a slash. @throws HttpError 404 */
export function pathBelow(basePath: string, pathname: string): string | undefined {
  if (pathname === basePath) return undefined;
  if (pathname.startsWith(`${basePath}/`)) return pathname.slice(basePath.length + 1);
  const here = basePath === "" ? "/" : basePath;
  throw new HttpError(404, "NOT_FOUND", `the dashboard is mounted at "${here}": see its option basePath`);
}
