import { type PubSub, silentLogger, systemClock } from "@anytopic/core";
import type { DashboardContext } from "./context.ts";
import { errorAnswer, jsonAnswer } from "./http/answer.ts";
import { findRoute } from "./http/find-route.ts";
import { HttpError } from "./http/http-error.ts";
import { pageFile } from "./http/page-file.ts";
import { statisticsEveryMs } from "./statistics/statistics-every-ms.ts";
import { Watch } from "./watch.ts";
import type { Dashboard, DashboardOptions } from "./options.ts";

/** The page and its API as one fetch handler, to mount in any server that speaks `Request` and `Response`. */
export function dashboard(options: DashboardOptions): Dashboard {
  const { basePath = "", logger = silentLogger } = options;
  const closing = new AbortController();
  const own = {
    pubsub: sharedPubSub(options.pubsub),
    topics: options.declarations.filter((one) => one.kind === "topic"),
    subscriptions: options.declarations.filter((one) => one.kind === "subscription"),
    config: options.config,
    logger,
    clock: options.clock ?? systemClock,
    closed: closing.signal,
  };
  const everyMs = statisticsEveryMs(options.statisticsEveryMs);
  const context: DashboardContext = { ...own, watch: new Watch(own, { feed: options.events, everyMs }) };
  const handle = async (request: Request): Promise<Response> => {
    try {
      return await answer(request, basePath, options, context);
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
  context: DashboardContext,
): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.slice(basePath.length + 1);
  if (!path.startsWith("api/")) return pageFile(path, basePath);
  const visitor = await authorize(request);
  if (visitor === undefined) throw new HttpError(401, "UNAUTHENTICATED", "you are not allowed to see this page");
  const route = findRoute(request.method, path.slice("api/".length));
  if (route.needs !== undefined && visitor.can?.includes(route.needs) !== true) {
    throw new HttpError(403, "FORBIDDEN", `you are not allowed to ${route.needs} here`);
  }
  const body: unknown = route.method === "POST" ? await request.json() : undefined;
  const signal = AbortSignal.any([request.signal, context.closed]);
  const result = await route.run({ query: url.searchParams, body, visitor, signal }, context);
  return result instanceof Response ? result : jsonAnswer(result);
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
