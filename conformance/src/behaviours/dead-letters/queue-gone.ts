import { PubSubError, Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const queueGone: Behaviour = behaviour({
  id: "dead-letters.queue-gone",
  rows: [28, 29],
  statements: ["C16"],
  title:
    "when somebody deletes the dead-letter queue of a running worker, the message is not lost, and is stored when the queue is back",
  tier: "full",
  needs: ["deleteDeadLetters"],
  timeoutMs: 240_000,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription, {
      handle({ item }) {
        if (item.key === "poison") throw new Reject("no");
      },
    });
    // The queue has been used before, so what the adapter learned about it is no longer true.
    await context.publish(pubsub, topic, 1, { key: () => "poison" });
    await context.eventually(() => context.log.observed("dead-letter").length === 1, "the first letter to be stored");

    await context.harness.deleteDeadLetters?.({ topic: topic.name, subscription: subscription.name });

    const [poison, fine] = await context.publish(pubsub, topic, 2, {
      key: (index) => (index === 0 ? "poison" : "fine"),
    });
    await collector.completes([fine?.id ?? ""]);
    await context.eventually(
      () => context.log.observed("dead-letter-failed").length > 0,
      "the observer to hear that the letter cannot be stored",
    );
    check(context.log.observed("dead-letter").length === 1, "no letter reported as stored while there is no queue");

    const admin = await context.open();
    await context.eventually(
      () => appliedIfPossible(() => admin.apply([topic, subscription])),
      "the queue to be back",
      120_000,
    );
    const letters = admin.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 1, "the letter in the new queue", 120_000);
    equal(
      (await letters.peek()).map(({ id }) => id),
      [poison?.id],
      "the ids of the letters",
    );
    equal(collector.runsOf(poison?.id ?? "").length, 1, "the runs of the handler: only the letter is tried again");
    // The first letter was deleted with its queue, which is not the adapter's fault.
    check(context.log.observed("dead-letter").length === 2, "two letters stored in all");
  },
});

/** Some brokers refuse a name for a while after it was deleted. */
async function appliedIfPossible(apply: () => Promise<unknown>): Promise<boolean> {
  try {
    await apply();
    return true;
  } catch (error) {
    if (error instanceof PubSubError && error.retryable) return false;
    throw error;
  }
}
