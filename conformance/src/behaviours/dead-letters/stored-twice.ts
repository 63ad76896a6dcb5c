import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { forwardDeadLetters, forwardDriver } from "../../intercept.ts";

/** As after a store that was durable, but whose answer was lost. */
export const storedTwice: Behaviour = behaviour({
  id: "dead-letters.stored-twice",
  rows: [30],
  statements: ["C19"],
  title: "letters of one id and one time are two letters: a redrive moves both",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair(
      {},
      {},
      {
        intercept: (driver) =>
          forwardDriver(driver, {
            openDeadLetters: async (spec) => {
              const letters = await driver.openDeadLetters(spec);
              return forwardDeadLetters(letters, {
                store: async (letter) => {
                  await letters.store(letter);
                  await letters.store(letter);
                },
              });
            },
          }),
      },
    );
    context.tolerate("duplicates", "repeated-attempts");
    let repaired = false;
    const collector = await context.collect(pubsub, subscription, {
      handle() {
        if (!repaired) throw new Reject("broken");
      },
    });
    const sent = await context.publish(pubsub, topic, 2);
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 4, "two letters of each message");
    repaired = true;

    equal(await letters.redrive(), 4, "the number of redriven letters");
    equal(await letters.count(), 0, "the letters left");
    await collector.completes(sent.map(({ id }) => id));
  },
});
