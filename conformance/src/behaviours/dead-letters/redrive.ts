import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const redrive: Behaviour = behaviour({
  id: "dead-letters.redrive",
  rows: [30],
  statements: ["C2", "C19"],
  title:
    "redrive sends letters back to their own subscription only, with the same id, body and attributes, attempts from 1",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ retryPolicy: { maxRetries: 1 } });
    const bystander = context.subscription(topic);
    await pubsub.apply([bystander]);
    context.tolerate("repeated-attempts");
    let repaired = false;
    const collector = await context.collect(pubsub, subscription, {
      handle() {
        if (!repaired) throw new Reject("broken");
      },
    });
    const other = await context.collect(pubsub, bystander);
    const sent = await context.publish(pubsub, topic, 5, { attributes: { keep: "me" } });
    const ids = sent.map(({ id }) => id);
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 5, "five dead letters");
    await other.completes(ids);
    repaired = true;

    const progress: number[] = [];
    const redriven = await letters.redrive({ onProgress: (done) => progress.push(done) });

    equal(redriven, 5, "the number of redriven letters");
    equal(progress, [1, 2, 3, 4, 5], "the reported progress");
    await collector.completes(ids);
    await context.quiet();
    sameMembers(collector.ids, ids, "what the subscription completed");
    for (const { id, item } of sent) {
      const run = collector.runsOf(id).at(-1);
      equal(
        [run?.attempt, run?.item, { ...run?.context.attributes }],
        [1, item, { keep: "me" }],
        "attempt, event and attributes of a redriven message",
      );
    }
    sameMembers(
      other.received.map(({ id }) => id),
      ids,
      "what the other subscription got in all",
    );
    equal(await letters.count(), 0, "the letters left");
  },
});
