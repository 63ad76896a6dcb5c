import { ROUTES } from "../routes/index.ts";
import { HttpError } from "./http-error.ts";
import type { Route } from "./route.ts";

const byName: ReadonlyMap<string, Route> = new Map(ROUTES.map((route) => [`${route.method} ${route.path}`, route]));

/** @param path without `/api/` @throws HttpError 404 or 405 */
export function findRoute(method: string, path: string): Route {
  const route = byName.get(`${method} ${path}`);
  if (route !== undefined) return route;
  const isKnown = ROUTES.some((one) => one.path === path);
  if (isKnown) throw new HttpError(405, "METHOD_NOT_ALLOWED", `${method} is not allowed here`);
  throw new HttpError(404, "NOT_FOUND", "there is no such address");
}
