import type { Route } from "../http/route.ts";
import { eventsRoute } from "./events.ts";
import { servicesRoute } from "./services.ts";
import { sessionRoute } from "./session.ts";

export const ROUTES: readonly Route[] = [sessionRoute, eventsRoute, servicesRoute];
