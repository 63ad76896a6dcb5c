import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check } from "../../expect.ts";

export const withoutSubscription: Behaviour = behaviour({
  id: "publish.without-subscription",
  rows: [2, 40],
  statements: ["C1"],
  title: "a topic without subscriptions accepts messages, on every broker",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const topic = context.topic();

    const [sent] = await context.publish(pubsub, topic, 1);

    check(typeof sent?.id === "string" && sent.id.length > 0, "an id");
  },
});
