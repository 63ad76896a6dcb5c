import type { Topics } from "../../api/topics.ts";
import type { Route } from "../../http/route.ts";

/** All declared topics and their subscriptions. */
export const topicsRoute: Route = {
  method: "GET",
  path: "topics",
  async run(_request, { topics, subscriptions }): Promise<Topics> {
    return {
      topics: topics.map(({ name }) => ({
        name,
        subscriptions: subscriptions.filter(({ topic }) => topic.name === name).map((one) => one.name),
      })),
    };
  },
};
