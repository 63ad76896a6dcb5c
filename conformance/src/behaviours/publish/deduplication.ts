import { randomUUID } from "node:crypto";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const deduplication: Behaviour = behaviour({
  id: "publish.deduplication",
  rows: [31, 48],
  statements: ["C21", "C22"],
  title: "an id published twice is delivered once if the adapter declares a deduplication window, and twice if not",
  tier: "full",
  async run(context) {
    const { deduplicationWindowMs, exactlyOnce } = context.capabilities;
    // If the broker deduplicates only exactly-once topics, the capability is about those.
    const deliveryGuarantee = deduplicationWindowMs > 0 && exactlyOnce !== "none" ? "exactly-once" : "at-least-once";
    const { pubsub, topic, subscription } = await context.pair({}, { deliveryGuarantee });
    const collector = await context.collect(pubsub, subscription);
    const id = randomUUID();
    const item = context.item();
    if (deduplicationWindowMs === 0) context.tolerate("duplicates", "repeated-attempts");

    await context.publishItem(pubsub, topic, item, { id });
    await context.publishItem(pubsub, topic, item, { id });
    const [other] = await context.publish(pubsub, topic, 1);

    const copies = deduplicationWindowMs > 0 ? 1 : 2;
    await context.eventually(() => collector.runsOf(id).length >= copies, `${copies} deliveries`);
    await collector.completes([other?.id ?? ""]);
    await context.quiet();
    equal(collector.runsOf(id).length, copies, "deliveries of the id that was published twice");
  },
});
