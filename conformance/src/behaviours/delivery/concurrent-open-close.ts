import { behaviour, type Behaviour } from "../../behaviour.ts";
import { sameMembers } from "../../expect.ts";

export const concurrentOpenClose: Behaviour = behaviour({
  id: "delivery.concurrent-open-close",
  rows: [11],
  statements: ["C23", "C27"],
  title: "connections that create the same topology at the same time, subscribe and close do not hurt each other",
  tier: "full",
  async run(context) {
    const topic = context.topic();
    const subscription = context.subscription(topic);
    const connections = await Promise.all(Array.from({ length: 8 }, () => context.open()));
    const workers = await Promise.all(connections.map((pubsub) => context.collect(pubsub, subscription)));
    const kept = workers[0];
    await Promise.all(workers.slice(1).map((worker) => worker.close()));

    const sent = await context.publish(connections[7] ?? (await context.open()), topic, 50);

    const ids = sent.map(({ id }) => id);
    await kept?.completes(ids);
    await context.quiet();
    sameMembers(kept?.ids ?? [], ids, "what the remaining worker completed");
  },
});
