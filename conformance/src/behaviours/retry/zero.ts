import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const zero: Behaviour = behaviour({
  id: "retry.zero",
  rows: [22, 27],
  statements: ["C15"],
  title: "maxRetries 0 means one attempt, then the dead-letter queue",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ retryPolicy: { maxRetries: 0 } });
    const collector = await context.collect(pubsub, subscription, {
      handle() {
        throw new Error("once and never again");
      },
    });

    await context.publish(pubsub, topic, 3);

    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 3, "three dead letters");
    await context.quiet();
    equal(
      collector.received.map(({ attempt }) => attempt),
      [1, 1, 1],
      "the attempts",
    );
    for (const letter of await letters.peek()) equal(letter.attempts, 1, "the attempts in a letter");
  },
});
