import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying } from "../../delaying.ts";
import { equal } from "../../expect.ts";

const DELAY_MS = 1500;

export const repeated: Behaviour = behaviour({
  id: "delay.repeated",
  rows: [31],
  statements: ["C21", "C40"],
  title:
    "on an exactly-once topic, a publish that is repeated with its id runs once, whether scheduled twice or scheduled and published",
  tier: "full",
  withoutSaboteur:
    "exactly-once is the same for a due message as for any other; that a store keeps an id once is proven by conformance/test/check-schedule-store.test.ts",
  requires: ({ exactlyOnce }) =>
    exactlyOnce === "none" ? 'exactlyOnce "none": refused, see exactly-once.refused' : undefined,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair(
      {},
      { deliveryGuarantee: "exactly-once" },
      delaying(context),
    );
    const collector = await context.collect(pubsub, subscription);
    const item = context.item();
    const id = `repeated-${context.name()}`;
    for (const delayMs of [DELAY_MS, DELAY_MS + 500, 2 * DELAY_MS])
      await context.publishItem(pubsub, topic, item, { id, delayMs });
    await collector.completes([id], DELAY_MS + context.deliveryMs);
    await context.publishItem(pubsub, topic, item, { id });
    await context.quiet(2 * DELAY_MS + context.quietMs);
    equal(collector.runsOf(id).length, 1, "how often the repeated message ran");
  },
});
