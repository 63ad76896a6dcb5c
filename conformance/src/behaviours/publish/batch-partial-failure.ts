import { PubSubError } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const batchPartialFailure: Behaviour = behaviour({
  id: "publish.batch-partial-failure",
  rows: [17],
  statements: ["C3", "C4"],
  title: "an entry that fails does not fail its neighbours",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    const tooLarge = "x".repeat(context.capabilities.maxMessageBytes + 1);
    const items = [0, 1, 2, 3, 4, 5].map((index) => context.item("k", index % 3 === 1 ? tooLarge : ""));
    for (const { seq, key } of items) context.log.append({ type: "publish-start", topic: topic.name, seq, key });

    const results = await pubsub.publishBatch(
      topic,
      items.map((event) => ({ event })),
    );

    equal(
      results.map(({ ok }) => ok),
      [true, false, true, true, false, true],
      "which entries were accepted",
    );
    for (const result of results) {
      if (!result.ok) {
        check(
          result.error instanceof PubSubError && result.error.code === "LIMIT_EXCEEDED",
          `LIMIT_EXCEEDED, got ${String(result.error)}`,
        );
      }
    }
    await collector.completes(results.flatMap((result) => (result.ok ? [result.id] : [])));
    await context.quiet();
    equal(collector.received.length, 4, "the number of messages that arrived");
  },
});
