import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, rejects } from "../../expect.ts";

export const refused: Behaviour = behaviour({
  id: "ordering.refused",
  rows: [48],
  statements: ["C22"],
  title: 'an adapter with ordering "none" refuses topics with an ordering key, naming the capability and a remedy',
  tier: "smoke",
  withoutSaboteur:
    "core refuses such a topic by the declared capability, before it calls the driver: see core/test/connect.test.ts",
  requires: ({ ordering }) =>
    ordering === "none" ? undefined : 'ordering "per-key": proven by the other behaviours of this group',
  async run(context) {
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic);

    for (const [what, call] of [
      ["a publish", () => context.publishItem(pubsub, topic, context.item())],
      ["subscribing", () => context.collect(pubsub, subscription)],
      ["apply", () => pubsub.apply([topic])],
      ["connecting with the declaration", () => context.open({ declarations: [topic] })],
    ] as const) {
      const { message } = await rejects(call(), "NOT_SUPPORTED", what);
      check(message.includes("ordering"), `the error to name the capability: ${message}`);
    }
  },
});
