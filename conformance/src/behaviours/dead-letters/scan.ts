import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, rejection, sameMembers } from "../../expect.ts";

/** More than one answer of any broker holds. */
const LETTERS = 130;

export const scan: Behaviour = behaviour({
  id: "dead-letters.scan",
  rows: [28],
  statements: ["C16", "C19", "C26"],
  title: "a scan shows every letter once, ends when it is told to, removes nothing and keeps nothing from a redrive",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    context.tolerate("repeated-attempts");
    let repaired = false;
    const collector = await context.collect(pubsub, subscription, {
      handle() {
        if (!repaired) throw new Reject("no");
      },
    });
    const ids = (await context.publish(pubsub, topic, LETTERS)).map(({ id }) => id);
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === LETTERS, `${LETTERS} dead letters`);

    for (let round = 0; round < 2; round += 1) {
      const seen: string[] = [];
      const shown = await letters.scan({ onLetter: ({ id }) => void seen.push(id) });
      equal(shown, LETTERS, "the number of letters that a scan tells");
      sameMembers(seen, ids, "what a scan shows");
    }

    const some: string[] = [];
    equal(await letters.scan({ onLetter: ({ id }) => some.push(id) < 5 }), 5, "letters of a scan that was told to end");
    equal(some.length, 5, "letters that it showed");
    equal(await letters.scan({ onLetter: () => {}, limit: 7 }), 7, "letters of a scan with limit 7");
    const reason = new Error("enough");
    const controller = new AbortController();
    const onLetter = (): void => controller.abort(reason);
    equal(
      await rejection(letters.scan({ onLetter, signal: controller.signal }), "an interrupted scan"),
      reason,
      "the rejection",
    );

    await context.eventually(async () => (await letters.count()) === LETTERS, "as many letters after looking at them");
    repaired = true;
    equal(await letters.redrive(), LETTERS, "letters redriven after all scans");
    await collector.completes(ids);
    equal(await letters.scan({ onLetter: () => {} }), 0, "letters of a scan when none is left");
  },
});
