import type { DashboardContext } from "../context.ts";
import type { Permission, Visitor } from "../options.ts";

/** One request that passed all checks. */
export interface RouteRequest {
  readonly query: URLSearchParams;
  /** The JSON of a POST; `undefined` for a GET. Not checked yet. */
  readonly body: unknown;
  readonly visitor: Visitor;
  /** Where a browser goes on in a stream of server-sent events. */
  readonly lastEventId: string | undefined;
  /** Aborts when the visitor goes away or the dashboard closes. */
  readonly signal: AbortSignal;
}

/** An address below `/api/`. What `run` returns becomes JSON, unless it is a `Response`. */
export interface Route {
  readonly method: "GET" | "POST";
  /** `stats` is `/api/stats`. */
  readonly path: string;
  /** What the visitor must be allowed to do; only for what changes something. */
  readonly needs?: Permission;
  run(request: RouteRequest, context: DashboardContext): Promise<object>;
}
