import { ROUTES } from "../routes/index.ts";
import { HttpError } from "./http-error.ts";
import type { Route } from "./route.ts";

const byName: ReadonlyMap<string, Route> = new Map(ROUTES.map((route) => [`${route.method} ${route.path}`, route]));

/** @param path without `/api/` @throws HttpError 404 or 405 */
export function findRoute(method: string, path: string): Route {
  const route = byName.get(`${method} ${path}`);
  if (route !== undefined) return route;
  const allowed = ROUTES.filter((one) => one.path === path).map((one) => one.method);
  if (allowed.length > 0) throw notAllowed(method, allowed);
  throw new HttpError(404, "NOT_FOUND", "there is no such address");
}

/** Also the answer to the question of a browser whether another site may ask: no header allows it. */
export function notAllowed(method: string, allowed: readonly string[]): HttpError {
  const allow = allowed.join(", ");
  return new HttpError(405, "METHOD_NOT_ALLOWED", `${method} is not allowed here, only ${allow}`, { allow });
}
