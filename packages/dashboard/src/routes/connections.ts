import type { Route } from "../http/route.ts";
import { connectionsAnswer } from "../topology/connections.ts";

/** Every connection, its state, and what its adapter can do. */
export const connectionsRoute: Route = {
  method: "GET",
  path: "connections",
  run: async (_request, context) => await connectionsAnswer(context),
};
