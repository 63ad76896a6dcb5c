import { PubSubError, Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";
import { forwardDeadLetters, forwardDriver } from "../../intercept.ts";

export const storeFails: Behaviour = behaviour({
  id: "dead-letters.store-fails",
  rows: [28, 29],
  statements: ["C16"],
  title:
    "while the dead-letter queue accepts nothing, the message is not lost, its handler does not run again, and the letter is stored in the end",
  tier: "full",
  async run(context) {
    let failures = 0;
    const { pubsub, topic, subscription } = await context.pair(
      {},
      {},
      {
        intercept: (driver) =>
          forwardDriver(driver, {
            openDeadLetters: async (spec) => {
              const letters = await driver.openDeadLetters(spec);
              return forwardDeadLetters(letters, {
                store: (letter) => {
                  failures += 1;
                  if (failures <= 2) return Promise.reject(new PubSubError("UNAVAILABLE", "made to fail"));
                  return letters.store(letter);
                },
              });
            },
          }),
      },
    );
    const collector = await context.collect(pubsub, subscription, {
      handle({ item }) {
        if (item.key === "poison") throw new Reject("no");
      },
    });

    const sent = await context.publish(pubsub, topic, 3, { key: (index) => (index === 0 ? "poison" : "fine") });

    const letters = pubsub.deadLetters(subscription);
    await context.eventually(
      async () => (await letters.count()) === 1,
      () => `the letter after ${failures} tries`,
    );
    equal(
      (await letters.peek()).map(({ id }) => id),
      [sent[0]?.id],
      "the ids of the letters",
    );
    equal(
      collector.runsOf(sent[0]?.id ?? "").length,
      1,
      "the runs of the handler: its outcome is known, only the letter is tried again",
    );
    check(context.log.observed("dead-letter-failed").length === 2, "two dead-letter-failed events for the observer");
    context.assertNothingLost(topic, subscription);
  },
});
