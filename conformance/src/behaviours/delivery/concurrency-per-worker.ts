import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { highWater } from "../../invariants.ts";

export const concurrencyPerWorker: Behaviour = behaviour({
  id: "delivery.concurrency-per-worker",
  rows: [33],
  statements: ["C8", "C9"],
  title: "two workers of one subscription each run up to their own maxConcurrency",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const other = await context.open();
    let free = false;
    const handle = (): Promise<unknown> =>
      context.eventually(() => free, "both workers to be full", context.deliveryMs * 2);
    const small = await context.collect(pubsub, subscription, { maxConcurrency: 2, prefetch: 0, handle });
    const large = await context.collect(other, subscription, { maxConcurrency: 6, prefetch: 0, handle });

    const sent = await context.publish(pubsub, topic, 24);

    await small.starts(2);
    await large.starts(6);
    await context.quiet();
    equal([small.running, large.running], [2, 6], "running handlers of the two workers");
    free = true;
    const completed = (): number => small.completed.length + large.completed.length;
    await context.eventually(
      () => completed() >= sent.length,
      () => `24 completions; there are ${completed()}`,
    );
    equal(
      highWater(context.log.entries, subscription.name, small.name),
      2,
      "the most handlers at once of the small worker",
    );
    equal(
      highWater(context.log.entries, subscription.name, large.name),
      6,
      "the most handlers at once of the large worker",
    );
  },
});
