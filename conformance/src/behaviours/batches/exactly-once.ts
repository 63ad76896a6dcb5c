import { behaviour, exactlyOnce, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

/** How many are published a second time. */
const REPEATED = 6;

export const exactlyOnceBatches: Behaviour = behaviour({
  id: "batches.exactly-once",
  rows: [31],
  statements: ["C21", "C43"],
  title: "each id of an exactly-once topic completes once in all batches of all workers; a failed attempt runs again",
  tier: "full",
  requires: exactlyOnce,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, { deliveryGuarantee: "exactly-once" });
    // Two messages of one id count their attempts each.
    context.tolerate("repeated-attempts");
    const options = {
      batch: { maxMessages: 4, maxWaitMs: 100 },
      handle({ item, attempt }: { readonly item: { readonly seq: number }; readonly attempt: number }) {
        if (item.seq % 3 === 0 && attempt < 3) throw new Error("fails before its effect");
      },
    };
    const collectors = [
      await context.collect(pubsub, subscription, options),
      await context.collect(await context.open(), subscription, options),
    ];

    const sent = await context.publish(pubsub, topic, 24);
    // A publisher that did not learn of its success publishes again.
    for (const { id, item } of sent.slice(0, REPEATED))
      await pubsub.publish(topic, item, { id, signal: context.signal });

    const ids = (): string[] => collectors.flatMap((collector) => [...collector.ids]);
    await context.eventually(
      () => new Set(ids()).size === sent.length,
      () => `all to be completed; ${new Set(ids()).size} are`,
    );
    await context.quiet();
    sameMembers(
      ids(),
      sent.map(({ id }) => id),
      "what was completed",
    );
    // Where the broker does not drop the second message of an id, it fails and runs by itself, until one of the two has succeeded.
    for (const { id, item } of sent.slice(REPEATED)) {
      const runs = collectors.flatMap((collector) => collector.runsOf(id));
      equal(runs.length, item.seq % 3 === 0 ? 3 : 1, `the runs of seq ${item.seq}`);
    }
  },
});
