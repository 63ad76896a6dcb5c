import { type DashboardOptions, type Visitor } from "../options.ts";
import { HttpError } from "./http-error.ts";

/** Who asks, by the application's word; or the answer that the application gives instead. @throws HttpError 401 */
export async function visitorOf(
  request: Request,
  { authorize }: Pick<DashboardOptions, "authorize">,
): Promise<Visitor | Response> {
  const found: unknown = typeof authorize === "function" ? await authorize(request) : authorize.authorize(request);
  if (found instanceof Response) return found;
  if (typeof authorize !== "function" && !found) throw new HttpError(401, "LOGIN_NEEDED", "you are not signed in");
  if (!found) throw new HttpError(401, "UNAUTHENTICATED", "you are not allowed to see this page");
  if (isVisitor(found)) return found;
  // A mistake of the application's, such as `return true`, lets nobody in.
  throw new Error("authorize must return { user, can }, a Response, or undefined");
}

function isVisitor(found: unknown): found is Visitor {
  if (typeof found !== "object" || found === null) return false;
  const { user, can = [] } = found as { readonly user?: unknown; readonly can?: unknown };
  return typeof user === "string" && user !== "" && Array.isArray(can);
}
