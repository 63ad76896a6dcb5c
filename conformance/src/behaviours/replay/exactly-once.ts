import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, rejects } from "../../expect.ts";
import { comesAgain, replays } from "./replaying.ts";

export const exactlyOnce: Behaviour = behaviour({
  id: "replay.exactly-once",
  rows: [],
  statements: ["C47", "C21", "C22"],
  title:
    "an exactly-once topic cannot go back, because its inbox passes over what was handled, and the error says so; it can go to the end",
  tier: "full",
  withoutSaboteur: "core refuses by the declaration, before it calls the driver: see core/test/seek.test.ts",
  requires: (capabilities) =>
    capabilities.exactlyOnce === "none"
      ? 'exactlyOnce "none": refused, see exactly-once.refused'
      : replays(capabilities),
  async run(context) {
    context.tolerate("duplicates", "repeated-attempts");
    const { pubsub, topic, subscription } = await context.pair({}, { deliveryGuarantee: "exactly-once", replay: true });
    const collector = await context.collect(pubsub, subscription);
    const sent = await context.publish(pubsub, topic, 5);
    await comesAgain(context, [collector], sent, []);
    const before = [...collector.received];
    const { message } = await rejects(pubsub.seek(subscription, { to: "beginning" }), "NOT_SUPPORTED", "a seek back");
    check(message.includes("inbox"), `the error to name the inbox: ${message}`);
    await pubsub.seek(subscription, { to: "end" });
    const more = await context.publish(pubsub, topic, 2);
    await comesAgain(context, [collector], more, before);
  },
});
