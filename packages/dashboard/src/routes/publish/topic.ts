import type { TopicDetail } from "../../api/topics.ts";
import { declaredTopic } from "../../declared-topic.ts";
import type { Route } from "../../http/route.ts";
import { formsOf } from "../../publish/event-of.ts";
import { jsonSchemaOf } from "../../publish/json-schema-of.ts";

/** What is needed to publish to a topic. */
export const topicRoute: Route = {
  method: "GET",
  path: "topic",
  async run({ query }, context): Promise<TopicDetail> {
    const topic = declaredTopic(context, query.get("name"));
    return {
      name: topic.name,
      forms: formsOf(topic),
      codec: topic.codec.name,
      hasOrderingKey: topic.orderingKey !== undefined,
      hasAttributes: topic.attributes !== undefined,
      hasSchema: topic.schema !== undefined,
      jsonSchema: jsonSchemaOf(topic),
    };
  },
};
