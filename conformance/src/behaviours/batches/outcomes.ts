import { Reject, RetryAfter } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, sameMembers, within } from "../../expect.ts";

const SIZE = 8;
const KINDS = ["fails", "rejects", "later", "works"];

export const outcomes: Behaviour = behaviour({
  id: "batches.outcomes",
  rows: [5, 38],
  statements: ["C12", "C16", "C43"],
  title: "each message of a batch has its own outcome, attempts and letter, while other batches end before it",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ maxConcurrency: 2 });
    const collector = await context.collect(pubsub, subscription, {
      batch: { maxMessages: SIZE, maxWaitMs: 300 },
      async handle({ item, attempt }) {
        // The first batch ends after a later one.
        if (item.seq === 0 && attempt === 1)
          await context.eventually(() => collector.batches.length > 2, "a third batch");
        if (item.key === "fails" && attempt < 3) throw new Error("try again");
        if (item.key === "rejects") throw new Reject("never");
        if (item.key === "later" && attempt === 1) throw new RetryAfter(context.retryStepMs());
      },
    });

    const sent = await context.publish(pubsub, topic, 5 * SIZE, { key: (index) => KINDS[index % 4] ?? "" });

    const kept = sent.filter(({ item }) => item.key !== "rejects").map(({ id }) => id);
    await collector.completes(kept);
    const letters = pubsub.deadLetters(subscription);
    const rejected = sent.filter(({ item }) => item.key === "rejects");
    await context.eventually(async () => (await letters.count()) === rejected.length, "a letter for each rejected one");
    await context.quiet();
    sameMembers(collector.ids, kept, "what was completed");
    for (const { id, item } of sent) {
      const expected = item.key === "fails" ? [1, 2, 3] : item.key === "later" ? [1, 2] : [1];
      equal(
        collector.runsOf(id).map(({ attempt }) => attempt),
        expected,
        `the attempts of one that ${item.key}`,
      );
    }
    const sizes = collector.batches.map(({ length }) => length);
    within(Math.max(...sizes), { min: 2, max: SIZE }, "the largest batch");
    const found = await letters.peek({ limit: 100 });
    equal(new Set(found.map(({ reason }) => reason)), new Set(["rejected"]), "the reasons of the letters");
    sameMembers(
      found.map(({ id }) => id),
      rejected.map(({ id }) => id),
      "the letters",
    );
    check(collector.worker.health().running === 0, "no place to be taken in the end");
  },
});
