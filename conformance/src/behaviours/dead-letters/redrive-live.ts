import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const redriveLive: Behaviour = behaviour({
  id: "dead-letters.redrive-live",
  rows: [29, 30],
  statements: ["C19"],
  title: "redrive under live traffic loses nothing; a message that fails again is a new letter, and redrive still ends",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    context.tolerate("repeated-attempts");
    let hopeless = true;
    const collector = await context.collect(pubsub, subscription, {
      handle({ item }) {
        if (item.key === "hopeless" && hopeless) throw new Reject("still");
      },
    });
    const bad = await context.publish(pubsub, topic, 30, { key: () => "hopeless" });
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 30, "thirty dead letters");
    const firstFailure = Math.max(
      ...(await letters.peek({ limit: 100 })).map(({ lastFailureTime }) => lastFailureTime.getTime()),
    );

    // So slow that the first ones have failed again before the last ones are sent.
    const rate = { max: 30, perMs: 1000 };
    const [redriven, live] = await Promise.all([
      context.within(letters.redrive({ rate }), "the redrive to end although its letters fail again", 60_000),
      context.publish(pubsub, topic, 100),
    ]);

    equal(redriven, 30, "redriven once each, though they fail again at once");
    await collector.completes(live.map(({ id }) => id));
    await context.eventually(() => collector.received.length >= 160, "the second failures");
    await context.eventually(async () => (await letters.count()) === 30, "thirty letters again");
    const again = await letters.peek({ limit: 100 });
    sameMembers(
      again.map(({ id }) => id),
      bad.map(({ id }) => id),
      "the letters",
    );
    equal(
      again.every(({ attempts, lastFailureTime }) => attempts === 1 && lastFailureTime.getTime() >= firstFailure),
      true,
      "whether the records are fresh",
    );

    hopeless = false;
    await letters.redrive();
    await collector.completes(bad.map(({ id }) => id));
    context.assertNothingLost(topic, subscription);
    equal(await letters.count(), 0, "the letters left");
  },
});
