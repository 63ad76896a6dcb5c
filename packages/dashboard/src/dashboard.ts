import { type PubSub, silentLogger } from "@anytopic/core";
import type { DashboardContext } from "./context.ts";
import { type DashboardEvents, EventLog } from "./events/event-log.ts";
import { Ingest } from "./ingest/ingest.ts";
import { errorAnswer, jsonAnswer } from "./http/answer.ts";
import { findRoute } from "./http/find-route.ts";
import { HttpError } from "./http/http-error.ts";
import { pageFile } from "./http/page-file.ts";
import type { Dashboard, DashboardOptions } from "./options.ts";

/** The page and its API as one fetch handler, to mount in any server that speaks `Request` and `Response`. */
export function dashboard(options: DashboardOptions): Dashboard {
  const { basePath = "", logger = silentLogger } = options;
  const events = requiredLog(options.events);
  const ingest = options.ingest === undefined ? undefined : new Ingest(events, requiredToken(options.ingest.token));
  const closing = new AbortController();
  const context: DashboardContext = {
    pubsub: sharedPubSub(options.pubsub),
    topics: options.declarations.filter((one) => one.kind === "topic"),
    subscriptions: options.declarations.filter((one) => one.kind === "subscription"),
    logger,
    events,
    closed: closing.signal,
  };
  const handle = async (request: Request): Promise<Response> => {
    try {
      return await answer(request, basePath, options, { ...context, ingest });
    } catch (error) {
      return errorAnswer(error);
    }
  };
  return Object.assign(handle, { close: async () => closing.abort() });
}

async function answer(
  request: Request,
  basePath: string,
  { authorize }: DashboardOptions,
  context: DashboardContext & { readonly ingest: Ingest | undefined },
): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.slice(basePath.length + 1);
  if (!path.startsWith("api/")) return pageFile(path, basePath);
  // Services are no visitors: they have a token of their own.
  if (path === "api/ingest" && request.method === "POST" && context.ingest !== undefined) {
    return await context.ingest.take(request);
  }
  const visitor = await authorize(request);
  if (visitor === undefined) throw new HttpError(401, "UNAUTHENTICATED", "you are not allowed to see this page");
  const route = findRoute(request.method, path.slice("api/".length));
  if (route.needs !== undefined && visitor.can?.includes(route.needs) !== true) {
    throw new HttpError(403, "FORBIDDEN", `you are not allowed to ${route.needs} here`);
  }
  const body: unknown = route.method === "POST" ? await request.json() : undefined;
  const signal = AbortSignal.any([request.signal, context.closed]);
  const lastEventId = request.headers.get("last-event-id") ?? undefined;
  const result = await route.run({ query: url.searchParams, body, visitor, signal, lastEventId }, context);
  return result instanceof Response ? result : jsonAnswer(result);
}

function requiredLog(events: DashboardEvents | undefined): EventLog {
  if (events === undefined) return new EventLog(undefined, 10_000);
  if (events instanceof EventLog) return events;
  throw new TypeError("dashboard: events must be what dashboardEvents() returns");
}

function requiredToken(token: unknown): string {
  if (typeof token === "string" && /^[!-~]{16,200}$/.test(token)) return token;
  throw new TypeError("dashboard: ingest.token must be 16 to 200 printable ASCII characters without spaces");
}

/** Opens once; again after a failure. */
function sharedPubSub(given: PubSub | (() => Promise<PubSub>)): () => Promise<PubSub> {
  if (typeof given !== "function") return async () => given;
  let opening: Promise<PubSub> | undefined;
  return async () => {
    opening ??= given();
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  };
}
