import type { Topic } from "@anytopic/core";
import type { PublishAnswer } from "../../api/topics.ts";
import type { Route } from "../../http/route.ts";
import { checkedPublish } from "../../publish/checked-publish.ts";

/** Publishes one event, as an application does: core checks schema, codec and limits before anything is sent. */
export const publishRoute: Route = {
  method: "POST",
  path: "publish",
  needs: "publish",
  async run({ body, visitor, signal }, context): Promise<PublishAnswer> {
    const { topic, event, options } = checkedPublish(body, context);
    const pubsub = await context.pubsub();
    // Declarations of unknown modules have no static type; core checks the event.
    const id = await pubsub.publish(topic as Topic, event, { ...options, signal });
    // So that its timeline is not empty, where no service reports.
    if (!context.seesItself) {
      context.events.add({ type: "published", topic: topic.name, id, atMs: Date.now(), service: "dashboard" });
    }
    context.logger.info({ user: visitor.user, action: "publish", topic: topic.name, id }, "dashboard: publish");
    return { id };
  },
};
