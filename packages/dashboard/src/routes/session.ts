import { PubSubError, type PubSub } from "@anytopic/core";
import type { Session } from "../api/session.ts";
import type { DashboardContext } from "../context.ts";
import type { Route } from "../http/route.ts";

/** Who looks, and whether there is a broker. */
export const sessionRoute: Route = {
  method: "GET",
  path: "session",
  async run({ visitor }, context): Promise<Session> {
    const found = await reach(context);
    const { user, can = [] } = visitor;
    return {
      user,
      can,
      version: "0.1.0",
      unavailable: found instanceof PubSubError ? { code: found.code, message: found.message } : null,
      server: found instanceof PubSubError ? null : found.server,
      adapter: found instanceof PubSubError ? null : found.adapter,
    };
  },
};

async function reach(context: DashboardContext): Promise<PubSub | PubSubError> {
  try {
    return await context.pubsub();
  } catch (error) {
    if (error instanceof PubSubError) return error;
    throw error;
  }
}
