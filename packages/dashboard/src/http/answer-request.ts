import { PubSubError } from "@anytopic/core";
import type { DashboardContext } from "../context.ts";
import type { DashboardOptions, Visitor } from "../options.ts";
import type { Ingest } from "../ingest/ingest.ts";
import { errorAnswer, jsonAnswer } from "./answer.ts";
import { pathBelow } from "./base-path.ts";
import { findRoute, notAllowed } from "./find-route.ts";
import { requireKnownHost } from "./host.ts";
import { HttpError } from "./http-error.ts";
import { pageFile } from "./page-file.ts";
import { readJson } from "./read-json.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { secured } from "./secured.ts";
import { visitorOf } from "./visitor-of.ts";

/** How a dashboard is mounted. */
export interface Mount {
  readonly authorize: DashboardOptions["authorize"];
  readonly basePath: string;
  readonly hosts: readonly string[] | "any";
  /** Takes reports of services; `undefined` when nobody may report. */
  readonly ingest: Ingest | undefined;
}

/** Never rejects. */
export async function answerRequest(request: Request, mount: Mount, context: DashboardContext): Promise<Response> {
  try {
    // Before everything else: a site that pretends to be this server learns nothing.
    requireKnownHost(request, mount.hosts);
    // Services are no visitors: they have a token of their own.
    if (mount.ingest !== undefined && isReport(request, mount)) return secured(await mount.ingest.take(request));
    if (typeof mount.authorize !== "function") return secured(await answerWithLogin(request, mount, context));
    const visitor = await visitorOf(request, mount, context);
    // The application's own answer stays as it is.
    return visitor instanceof Response ? visitor : secured(await answer(request, mount, visitor, context));
  } catch (error) {
    logUnexpected(error, context);
    return secured(errorAnswer(error));
  }
}

function isReport({ method, url }: Request, { basePath }: Mount): boolean {
  return method === "POST" && new URL(url).pathname === `${basePath}/api/ingest`;
}

/** The page's files are for everybody who reaches it, since they show the login; nothing else is. */
async function answerWithLogin(request: Request, mount: Mount, context: DashboardContext): Promise<Response> {
  const { authorize, basePath } = mount;
  const path = pathBelow(basePath, new URL(request.url).pathname);
  if (typeof authorize !== "function" && path === "api/login" && request.method === "POST") {
    requireSameOrigin(request);
    return authorize.logIn(request, await readJson(request), basePath);
  }
  const isPublic = path === undefined || !path.startsWith("api/");
  const visitor = isPublic ? undefined : await visitorOf(request, mount, context);
  return visitor instanceof Response ? visitor : await answer(request, mount, visitor, context);
}

async function answer(
  request: Request,
  { basePath }: Mount,
  visitor: Visitor | undefined,
  context: DashboardContext,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const path = pathBelow(basePath, pathname);
  if (path?.startsWith("api/") === true && visitor !== undefined) {
    return await answerApi(request, path.slice("api/".length), visitor, context);
  }
  if (request.method !== "GET" && request.method !== "HEAD") throw notAllowed(request.method, ["GET", "HEAD"]);
  if (path !== undefined) return pageFile(path, basePath, request);
  return new Response(null, { status: 308, headers: { location: `${basePath}/${search}` } });
}

async function answerApi(
  request: Request,
  path: string,
  visitor: Visitor,
  context: DashboardContext,
): Promise<Response> {
  const route = findRoute(request.method, path);
  requireSameOrigin(request);
  const { needs } = route;
  const log = { user: visitor.user, action: path };
  if (needs !== undefined && visitor.can?.includes(needs) !== true) {
    context.logger.warn(log, `the dashboard refused ${path}: ${needs} is not allowed`);
    throw new HttpError(403, "FORBIDDEN", `you are not allowed to ${needs} here`);
  }
  const body = route.method === "POST" ? await readJson(request) : undefined;
  const signal = AbortSignal.any([request.signal, context.closed]);
  if (needs !== undefined) context.logger.info(log, `${path} was asked for in the dashboard`);
  try {
    const query = new URL(request.url).searchParams;
    const lastEventId = request.headers.get("last-event-id") ?? undefined;
    const result = await route.run({ query, body, visitor, signal, lastEventId }, context);
    return result instanceof Response ? result : jsonAnswer(result);
  } catch (error) {
    if (needs !== undefined) context.logger.warn({ ...log, code: codeOf(error) }, `${path} failed in the dashboard`);
    throw error;
  }
}

/** What a visitor is not told is told to the operator: where it happened. Not the text, which may quote a message. */
function logUnexpected(error: unknown, { logger }: DashboardContext): void {
  if (error instanceof HttpError || error instanceof PubSubError) return;
  const fields = error instanceof Error ? { error: error.name, at: framesOf(error) } : { error: typeof error };
  // A TypeError is what core says about a wrong argument; the visitor reads it.
  if (error instanceof TypeError) logger.debug(fields, "the dashboard refused an argument");
  else logger.error(fields, "the dashboard failed to answer");
}

function framesOf({ stack = "" }: Error): readonly string[] {
  return (stack.match(/^ {4}at .*$/gm) ?? []).slice(0, 5).map((line) => line.trim());
}

function codeOf(error: unknown): string {
  if (error instanceof HttpError || error instanceof PubSubError) return error.code;
  return error instanceof TypeError ? "WRONG_ARGUMENT" : "UNKNOWN";
}
