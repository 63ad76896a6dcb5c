import type { Topic } from "@anytopic/core";
import { EventEncoder } from "@anytopic/core/relay";
import type { PublishCheck } from "../../api/topics.ts";
import type { Route } from "../../http/route.ts";
import { checkedPublish } from "../../publish/checked-publish.ts";

const encoder = new EventEncoder({ adapter: "none" });

/** What `publish` says about an event before it sends anything, except the limits of the broker. */
export const publishCheckRoute: Route = {
  method: "POST",
  path: "publish-check",
  needs: "publish",
  async run({ body }, context): Promise<PublishCheck> {
    const { topic, event, options } = checkedPublish(body, context);
    const { message, valid } = encoder.encode(topic as Topic, event, options);
    await valid;
    const { body: bytes, orderingKey = null } = message;
    const attributes = Object.entries(message.attributes).filter(([key]) => !key.startsWith("anytopic"));
    return { bytes: bytes.byteLength, orderingKey, attributes: Object.fromEntries(attributes) };
  },
};
