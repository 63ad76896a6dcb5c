import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const close: Behaviour = behaviour({
  id: "batches.close",
  rows: [10, 36],
  statements: ["C12", "C23", "C43"],
  title: "closing waits for the batch that runs, and gives back at once what was collected for the next one",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    let free = false;
    const collector = await context.collect(pubsub, subscription, {
      maxConcurrency: 4,
      batch: { maxMessages: 5, maxWaitMs: 60_000 },
      handle: () => context.eventually(() => free, "permission to continue"),
    });
    const first = await context.publish(pubsub, topic, 5);
    await collector.starts(5);
    const collected = await context.publish(pubsub, topic, 3);
    await context.eventually(
      () => collector.worker.health().waiting === 3,
      () => `three messages to be collected; ${collector.worker.health().waiting} are`,
    );

    const closing = collector.close();
    const heir = await context.collect(await context.open(), subscription, {
      batch: { maxMessages: 3, maxWaitMs: 100 },
    });
    const rest = collected.map(({ id }) => id);
    await heir.completes(rest);
    free = true;
    await closing;
    await context.quiet();
    sameMembers(heir.ids, rest, "what the heir completed");
    sameMembers(
      collector.ids,
      first.map(({ id }) => id),
      "what the closed worker completed",
    );
    if (context.capabilities.attempts === "exact") {
      equal(new Set(heir.received.map(({ attempt }) => attempt)), new Set([1]), "the attempts at the heir");
    }
  },
});
