import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const poison: Behaviour = behaviour({
  id: "dead-letters.poison",
  rows: [22, 28],
  statements: ["C15"],
  title: "a message that always fails is handled maxRetries + 1 times, then is a dead letter and nowhere else",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ retryPolicy: { maxRetries: 3 } });
    const collector = await context.collect(pubsub, subscription, {
      handle({ item }) {
        if (item.key === "poison") throw new Error("cannot be handled");
      },
    });

    const sent = await context.publish(pubsub, topic, 6, { key: (index) => (index === 2 ? "poison" : "fine") });

    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 1, "one dead letter");
    await context.quiet();
    const poisoned = sent[2]?.id ?? "";
    equal(
      collector.runsOf(poisoned).map(({ attempt }) => attempt),
      [1, 2, 3, 4],
      "the attempts of the poison",
    );
    equal(
      (await letters.peek()).map(({ id }) => id),
      [poisoned],
      "the ids of the letters",
    );
    equal(collector.completed.length, 5, "completed messages");
    await collector.close();
    const later = await context.collect(pubsub, subscription);
    await context.quiet();
    equal(later.received.length, 0, "what a later worker gets");
  },
});
