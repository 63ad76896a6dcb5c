import type { PubSub } from "@anytopic/core";
import type { Session, Unavailable } from "../api/session.ts";
import { whatToDo } from "../broker/what-to-do.ts";
import type { Route } from "../http/route.ts";
import { VERSION } from "../generated/ui-files.ts";
import { reached } from "../topology/reached.ts";
import type { WireFailure } from "../api/numbers.ts";

/** Who looks, and whether there is a broker. */
export const sessionRoute: Route = {
  method: "GET",
  path: "session",
  async run({ visitor }, context): Promise<Session> {
    const { pubsub, unavailable } = await reached(context);
    const { user, can = [] } = visitor;
    const failure = unavailable ?? lostConnection(pubsub);
    return {
      user,
      can,
      version: VERSION,
      unavailable: failure === null ? null : explained(failure),
      server: pubsub?.server ?? null,
      adapter: pubsub?.adapter ?? null,
    };
  },
};

/** A connection that was open repairs itself; meanwhile the page says why it shows nothing new. */
function lostConnection(pubsub: PubSub | undefined): WireFailure | null {
  if (pubsub === undefined) return null;
  const { connection, error } = pubsub.health();
  if (connection === "up" || connection === "degraded") return null;
  return error ?? { code: "UNAVAILABLE", message: "the connection to the broker was lost" };
}

function explained({ code, message }: WireFailure): Unavailable {
  return { code, message, advice: whatToDo(code) };
}
