import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, within } from "../../expect.ts";

const BACKLOG = 500;

export const prefetch: Behaviour = behaviour({
  id: "delivery.prefetch",
  rows: [35, 39],
  statements: ["C9"],
  title:
    "a worker holds no more than maxConcurrency plus prefetch messages; the rest waits at the broker, and a new worker gets it",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    await context.publish(pubsub, topic, BACKLOG);
    let free = false;
    const hoarder = await context.collect(pubsub, subscription, {
      maxConcurrency: 4,
      prefetch: 6,
      handle: () => context.eventually(() => free, "permission to continue", context.deliveryMs * 3),
    });
    await hoarder.starts(4);
    await context.quiet();

    within(context.traffic.mostOutstanding, { min: 4, max: 10 }, "messages in the worker's hands");
    equal(hoarder.worker.health().running, 4, "health().running");
    within(hoarder.worker.health().waiting, { max: 6 }, "health().waiting");
    const stats = await context.harness.stats?.({ topic: topic.name, subscription: subscription.name });
    if (stats?.outstanding !== undefined)
      within(stats.outstanding, { max: 10 }, "what the broker counts as delivered and unsettled");

    const other = await context.collect(await context.open(), subscription, { maxConcurrency: 50 });
    await context.eventually(
      () => other.completed.length >= BACKLOG - 10,
      () => `the new worker to complete ${BACKLOG - 10}; it has ${other.completed.length}`,
    );
    free = true;
    await context.eventually(() => hoarder.completed.length + other.completed.length >= BACKLOG, "the rest");
    check(
      hoarder.completed.length <= 10,
      `the first worker to keep no more than ten, it kept ${hoarder.completed.length}`,
    );
    context.assertNothingLost(topic, subscription);
  },
});
