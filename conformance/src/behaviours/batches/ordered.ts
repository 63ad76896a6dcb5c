import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

const KEYS = 6;

export const orderedBatches: Behaviour = behaviour({
  id: "batches.ordered",
  rows: [20, 21],
  statements: ["C20", "C43"],
  title: "a batch has at most one message of a key, and order per key holds across batches, retries and workers",
  tier: "full",
  requires: ordered,
  async run(context) {
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic);
    await pubsub.apply([topic, subscription]);
    const options = {
      batch: { maxMessages: 4, maxWaitMs: 50 },
      maxConcurrency: 3,
      async handle({ item, attempt }: { readonly item: { readonly seq: number }; readonly attempt: number }) {
        await context.work(20);
        if (item.seq % 7 === 0 && attempt === 1) throw new Error("once more");
      },
    };
    const collectors = [
      await context.collect(pubsub, subscription, options),
      await context.collect(await context.open(), subscription, options),
    ];
    const sent = await context.publish(pubsub, topic, 60, { key: (index) => `key-${index % KEYS}` });

    const completed = (): number => new Set(collectors.flatMap(({ ids }) => ids)).size;
    await context.eventually(
      () => completed() === sent.length,
      () => `all to be completed; ${completed()} are`,
      2 * context.deliveryMs,
    );
    await context.quiet();
    context.assertKeyOrder(subscription);
    const batches = collectors.flatMap((collector) => collector.batches);
    for (const batch of batches) {
      equal(new Set(batch.map(({ item }) => item.key)).size, batch.length, "the number of keys in a batch");
    }
    check(
      batches.some(({ length }) => length > 1),
      "a batch with messages of several keys",
    );
  },
});
