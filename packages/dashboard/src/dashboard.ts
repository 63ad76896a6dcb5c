import { silentLogger, systemClock } from "@anytopic/core";
import { sharedPubSub } from "./broker/shared-pubsub.ts";
import type { DashboardContext } from "./context.ts";
import { eventLogOf } from "./events/event-log-of.ts";
import { answerRequest } from "./http/answer-request.ts";
import { checkedBasePath } from "./http/base-path.ts";
import { checkedHosts } from "./http/host.ts";
import { Ingest } from "./ingest/ingest.ts";
import { statisticsEveryMs } from "./statistics/statistics-every-ms.ts";
import { Tails } from "./tails/tails.ts";
import { Watch } from "./watch.ts";
import type { Dashboard, DashboardOptions } from "./options.ts";

/**
 * The page and its API as one fetch handler, to mount in any server that speaks `Request` and `Response`; `nodeHandler` mounts it in `node:http`, Express and
 * Fastify.
 *
 * @throws TypeError when an option is wrong
 */
export function dashboard(options: DashboardOptions): Dashboard {
  const { logger = silentLogger, authorize } = options;
  if (typeof authorize !== "function" && typeof authorize?.authorize !== "function") {
    throw new TypeError("authorize is required: a function that says who asks, or tokenLogin()");
  }
  if (!options.pubsub) throw new TypeError("pubsub is required: a connection, or a function that opens one");
  if (!Array.isArray(options.declarations))
    throw new TypeError("declarations must be a list of topics and subscriptions");
  const mount = {
    authorize,
    basePath: checkedBasePath(options.basePath ?? ""),
    hosts: checkedHosts(options.hosts ?? []),
  };
  const closing = new AbortController();
  const events = eventLogOf(options.events, closing.signal);
  const ingest = options.ingest === undefined ? undefined : new Ingest(events, requiredToken(options.ingest.token));
  const declared = {
    topics: options.declarations.filter((one) => one.kind === "topic"),
    subscriptions: options.declarations.filter((one) => one.kind === "subscription"),
    config: options.config,
    logger,
  };
  const own = {
    ...declared,
    pubsub: sharedPubSub(options.pubsub, logger),
    events,
    seesItself: options.events !== undefined,
    tails: new Tails(declared),
    clock: options.clock ?? systemClock,
    closed: closing.signal,
  };
  const everyMs = statisticsEveryMs(options.statisticsEveryMs);
  const context: DashboardContext = {
    ...own,
    watch: new Watch({ ...own, feed: options.events ?? (ingest && events), everyMs }),
  };
  const close = async (): Promise<void> => {
    closing.abort();
    await context.tails.close();
  };
  const handle = async (request: Request): Promise<Response> =>
    await answerRequest(request, { ...mount, ingest }, context);
  return Object.assign(handle, { close });
}

function requiredToken(token: unknown): string {
  if (typeof token === "string" && /^[!-~]{16,200}$/.test(token)) return token;
  throw new TypeError("dashboard: ingest.token must be 16 to 200 printable ASCII characters without spaces");
}
