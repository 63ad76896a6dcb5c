import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

const MOST = 8;

export const maxMessages: Behaviour = behaviour({
  id: "drain.max-messages",
  rows: [36, 39],
  statements: ["C12", "C46"],
  title:
    "drain with maxMessages starts exactly so many, one by one or in batches, and gives back the rest without an attempt",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const sent = await context.publish(pubsub, topic, 24);
    const runs: { readonly id: string; readonly attempt: number }[] = [];
    const options = { maxMessages: MOST, prefetch: 20, signal: context.signal };

    const single = await context.within(
      pubsub.drain(
        subscription,
        async (_, { id, attempt }) => {
          runs.push({ id, attempt });
          await context.work(100);
        },
        options,
      ),
      "drain to end",
    );
    equal(
      single,
      { handled: MOST, retried: 0, deadLettered: 0, skipped: 0, endedBy: "max-messages" },
      "what drain has done",
    );
    equal(runs.length, MOST, "the number of handlers that started");

    const batches = await context.within(
      pubsub.drain(
        subscription,
        (_, contexts) => void runs.push(...contexts.map(({ id, attempt }) => ({ id, attempt }))),
        {
          ...options,
          batch: { maxMessages: 5, maxWaitMs: 100 },
        },
      ),
      "drain with batches to end",
    );
    equal([batches.handled, batches.endedBy], [MOST, "max-messages"], "what drain with batches has done");

    const rest = await context.collect(pubsub, subscription, {
      handle: ({ id, attempt }) => void runs.push({ id, attempt }),
    });
    await context.eventually(() => runs.length >= sent.length, "the rest to be handled by another worker");
    await context.quiet();
    equal(rest.completed.length, sent.length - 2 * MOST, "what was left for another worker");
    sameMembers(
      runs.map(({ id }) => id),
      sent.map(({ id }) => id),
      "what was handled",
    );
    if (context.capabilities.attempts === "exact") {
      equal(new Set(runs.map(({ attempt }) => attempt)), new Set([1]), "the attempts");
    }
  },
});
