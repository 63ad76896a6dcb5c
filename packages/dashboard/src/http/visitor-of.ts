import type { DashboardContext } from "../context.ts";
import type { DashboardOptions, Visitor } from "../options.ts";
import { HttpError } from "./http-error.ts";

/**
 * Who asks, by the application's word; or the answer that the application gives instead.
 *
 * @throws HttpError 401, and 500 when `authorize` fails or returns something else: a mistake of the application's lets nobody in
 */
export async function visitorOf(
  request: Request,
  { authorize }: Pick<DashboardOptions, "authorize">,
  { logger }: Pick<DashboardContext, "logger">,
): Promise<Visitor | Response> {
  let found: unknown;
  try {
    found = typeof authorize === "function" ? await authorize(request) : authorize.authorize(request);
  } catch (error) {
    throw refusal(`authorize failed: ${error instanceof Error ? error.message : typeof error}`);
  }
  if (found instanceof Response || isVisitor(found)) return found;
  if (found) throw refusal("authorize must return { user, can }, a Response, or undefined");
  if (typeof authorize !== "function") throw new HttpError(401, "LOGIN_NEEDED", "you are not signed in");
  throw new HttpError(401, "UNAUTHENTICATED", "you are not allowed to see this page");

  function refusal(why: string): HttpError {
    logger.error({ reason: why }, "the dashboard lets nobody in");
    return new HttpError(500, "UNKNOWN", "the dashboard failed; see the log of its process");
  }
}

function isVisitor(found: unknown): found is Visitor {
  if (typeof found !== "object" || found === null) return false;
  const { user, can = [] } = found as { readonly user?: unknown; readonly can?: unknown };
  return typeof user === "string" && user !== "" && Array.isArray(can);
}
