import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const subscribeAbort: Behaviour = behaviour({
  id: "delivery.subscribe-abort",
  rows: [13, 44],
  statements: ["C23", "C26"],
  title: "aborting a worker's signal closes it; what is published afterwards goes to another worker, all of it",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const controller = new AbortController();
    const first = await context.collect(pubsub, subscription, { signal: controller.signal });
    const early = await context.publish(pubsub, topic, 10);
    await first.completes(early.map(({ id }) => id));

    controller.abort();
    await context.within(first.worker.closed, "the worker to close after the abort");

    const later = await context.publish(pubsub, topic, 100);
    await context.quiet();
    equal(first.received.length, 10, "handler runs of the aborted worker");
    const second = await context.collect(pubsub, subscription);
    const ids = later.map(({ id }) => id);
    await second.completes(ids);
    await context.quiet();
    sameMembers(second.ids, ids, "what the second worker completed");
  },
});
