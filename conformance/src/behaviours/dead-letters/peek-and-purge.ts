import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers, within } from "../../expect.ts";

export const peekAndPurge: Behaviour = behaviour({
  id: "dead-letters.peek-and-purge",
  rows: [28, 48],
  statements: ["C16", "C19"],
  title: "peek removes nothing, count counts as declared, purge deletes all or those selected",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    await context.collect(pubsub, subscription, {
      handle() {
        throw new Reject("no");
      },
    });
    const sent = await context.publish(pubsub, topic, 25);
    const ids = sent.map(({ id }) => id);
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 25, "25 dead letters");

    for (let round = 0; round < 3; round += 1) {
      sameMembers(
        (await letters.peek({ limit: 1000 })).map(({ id }) => id),
        ids,
        `what peek number ${round + 1} shows`,
      );
    }
    equal((await letters.peek()).length, 10, "letters in a peek without limit");
    // Letters that were peeked at, and may be leased for that, still count.
    await context.eventually(async () => (await letters.count()) === 25, "25 dead letters after looking at them");
    if (context.capabilities.deadLetterCount === "exact")
      within(await letters.count(), { min: 25, max: 25 }, "the count");

    equal(await letters.purge({ filter: ({ id }) => id === ids[7] }), 1, "letters deleted by a filter");
    equal(await letters.purge({ limit: 4 }), 4, "letters deleted with limit 4");
    await context.eventually(async () => (await letters.count()) === 20, "twenty letters left");
    await letters.purge();
    await context.eventually(async () => (await letters.count()) === 0, "no letters left");
    equal((await letters.peek()).length, 0, "letters in a peek");
  },
});
