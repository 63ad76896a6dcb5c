import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const allFail: Behaviour = behaviour({
  id: "batches.all-fail",
  rows: [5, 28],
  statements: ["C14", "C15", "C43"],
  title:
    "a batch handler that throws, or returns what is no outcome, fails every message of its batch by its own attempts",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ retryPolicy: { maxRetries: 1 } });
    const attempts = new Map<string, number[]>();
    let calls = 0;
    await pubsub.subscribe(
      subscription,
      async (items, contexts) => {
        for (const { id, attempt } of contexts) attempts.set(id, [...(attempts.get(id) ?? []), attempt]);
        calls += 1;
        if (calls % 2 === 0) throw new Error("the whole batch");
        return items.slice(1).map(() => "ack" as const);
      },
      { batch: { maxMessages: 4, maxWaitMs: 100 }, maxConcurrency: 2 },
    );

    const ids = (await context.publish(pubsub, topic, 10)).map(({ id }) => id);

    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 10, "ten dead letters");
    await context.quiet();
    for (const id of ids) equal(attempts.get(id), [1, 2], "the attempts of each message");
    const found = await letters.peek({ limit: 100 });
    sameMembers(
      found.map(({ id }) => id),
      ids,
      "the letters",
    );
    equal(
      new Set(found.map((letter) => `${letter.reason} ${letter.attempts}`)),
      new Set(["retries-exhausted 2"]),
      "reasons and attempts of the letters",
    );
  },
});
