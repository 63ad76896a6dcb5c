import type { Route } from "../http/route.ts";
import { connectionsRoute } from "./connections.ts";
import { costRoute } from "./cost.ts";
import { overviewRoute } from "./overview.ts";
import { pauseRoute, resumeRoute } from "./pause.ts";
import { planRoute } from "./plan.ts";
import { LETTER_ROUTES } from "./letters/index.ts";
import { PUBLISH_ROUTES } from "./publish/index.ts";
import { eventsRoute } from "./events.ts";
import { searchRoute } from "./search.ts";
import { servicesRoute } from "./services.ts";
import { sessionRoute } from "./session.ts";
import { subscriptionRoute } from "./subscription.ts";
import { TAIL_ROUTES } from "./tail.ts";

export const ROUTES: readonly Route[] = [
  sessionRoute,
  overviewRoute,
  subscriptionRoute,
  pauseRoute,
  resumeRoute,
  planRoute,
  connectionsRoute,
  costRoute,
  ...LETTER_ROUTES,
  ...PUBLISH_ROUTES,
  eventsRoute,
  servicesRoute,
  searchRoute,
  ...TAIL_ROUTES,
];
