import { PubSubError, Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, rejection, sameMembers } from "../../expect.ts";
import { forwardDeadLetters, forwardDriver } from "../../intercept.ts";

const LETTERS = 5;
const REFUSED = 3;

export const redriveFails: Behaviour = behaviour({
  id: "dead-letters.redrive-fails",
  rows: [30],
  statements: ["C19"],
  title:
    "a letter stays until the broker has stored its message: a redrive that is refused loses none, and goes on when called again",
  tier: "full",
  async run(context) {
    let redelivers = 0;
    const { pubsub, topic, subscription } = await context.pair(
      {},
      {},
      {
        intercept: (driver) =>
          forwardDriver(driver, {
            openDeadLetters: async (spec) => {
              const letters = await driver.openDeadLetters(spec);
              return forwardDeadLetters(letters, {
                redeliver: (message) => {
                  redelivers += 1;
                  if (redelivers === REFUSED) return Promise.reject(new PubSubError("UNAVAILABLE", "made to fail"));
                  return letters.redeliver(message);
                },
              });
            },
          }),
      },
    );
    context.tolerate("repeated-attempts");
    let repaired = false;
    const collector = await context.collect(pubsub, subscription, {
      handle() {
        if (!repaired) throw new Reject("broken");
      },
    });
    const ids = (await context.publish(pubsub, topic, LETTERS)).map(({ id }) => id);
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === LETTERS, "five dead letters");
    repaired = true;

    const error = await rejection(letters.redrive(), "a redrive whose third message is refused");

    check(
      error instanceof PubSubError && error.code === "UNAVAILABLE",
      "the redrive rejects with what the broker said",
    );
    const left = LETTERS - REFUSED + 1;
    await context.eventually(() => collector.completed.length === LETTERS - left, "what was sent before");
    await context.eventually(
      async () => (await letters.count()) === left,
      `${left} letters: the refused one and those behind it`,
    );
    equal(await letters.redrive(), left, "redriven with the second call");
    await collector.completes(ids);
    await context.quiet();
    sameMembers(collector.ids, ids, "what the subscription completed");
    equal(await letters.count(), 0, "the letters left");
  },
});
