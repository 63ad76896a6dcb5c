import type { Services } from "../api/services.ts";
import type { Route } from "../http/route.ts";

/** Which services were seen, and what they publish and handle. */
export const servicesRoute: Route = {
  method: "GET",
  path: "services",
  async run(_request, { events }): Promise<Services> {
    return { services: events.services() };
  },
};
