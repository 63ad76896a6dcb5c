import { PubSubError } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check } from "../../expect.ts";

export const deletedTopic: Behaviour = behaviour({
  id: "publish.deleted-topic",
  rows: [15, 40],
  statements: ["C1", "C28"],
  title: "publishes to a topic that was deleted meanwhile reject with NOT_FOUND",
  tier: "full",
  async run(context) {
    const { pubsub: other, topic, subscription } = await context.pair();
    const pubsub = await context.open({ provisioning: "off", publish: { timeoutMs: 5000 } });
    await context.publish(pubsub, topic, 1);

    await other.destroy([topic, subscription]);

    let last: unknown;
    await context.eventually(
      async () => {
        last = await pubsub.publish(topic, context.item()).catch((error: unknown) => error);
        return last instanceof PubSubError && last.code === "NOT_FOUND";
      },
      () => `NOT_FOUND for a publish to the deleted topic; the last one gave ${String(last)}`,
    );
    check(last instanceof PubSubError && !last.retryable, "NOT_FOUND not to be retryable");
  },
});
