import { Reject } from "@anytopic/core";
import { behaviour, exactlyOnce, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

/** A deduplication window that knows the id would drop the redriven message, and it would be lost. */
export const redrive: Behaviour = behaviour({
  id: "exactly-once.redrive",
  rows: [30, 31],
  statements: ["C19", "C21"],
  title: "a dead letter of an exactly-once topic can be redriven though its id is known, and then succeeds once",
  tier: "full",
  requires: exactlyOnce,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, { deliveryGuarantee: "exactly-once" });
    context.tolerate("repeated-attempts");
    let repaired = false;
    const collector = await context.collect(pubsub, subscription, {
      handle() {
        if (!repaired) throw new Reject("not yet");
      },
    });
    const sent = await context.publish(pubsub, topic, 3);
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 3, "three dead letters");
    repaired = true;

    equal(await letters.redrive(), 3, "the number of redriven letters");

    await collector.completes(sent.map(({ id }) => id));
    await context.quiet();
    equal(collector.completed.length, 3, "completions");
  },
});
