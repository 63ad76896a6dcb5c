import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const retry: Behaviour = behaviour({
  id: "delivery.retry",
  rows: [5],
  statements: ["C12", "C14"],
  title: "a message whose handler failed is redelivered unchanged, with the next attempt number; others are not",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription, {
      handle({ item, attempt }) {
        if (item.key === "fails" && attempt < 3) throw new Error("try again");
      },
    });

    const sent = await context.publish(pubsub, topic, 10, {
      key: (index) => (index < 5 ? "fails" : "works"),
      attributes: { stays: "the same" },
    });

    const ids = sent.map(({ id }) => id);
    await collector.completes(ids);
    await context.quiet();
    sameMembers(collector.ids, ids, "what was completed");
    for (const { id, item } of sent) {
      const runs = collector.runsOf(id);
      equal(
        runs.map(({ attempt }) => attempt),
        item.key === "fails" ? [1, 2, 3] : [1],
        `the attempts of a message that ${item.key}`,
      );
      for (const run of runs)
        equal({ ...run.context.attributes }, { stays: "the same" }, "the attributes of an attempt");
      equal(
        new Set(runs.map((run) => run.context.publishTime.getTime())).size,
        1,
        "the number of different publish times",
      );
    }
  },
});
