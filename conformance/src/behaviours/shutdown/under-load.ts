import { behaviour, type Behaviour } from "../../behaviour.ts";
import { sameMembers } from "../../expect.ts";

export const underLoad: Behaviour = behaviour({
  id: "shutdown.under-load",
  rows: [10, 36],
  statements: ["C11", "C23"],
  title: "connections that close under load, several times at once, lose nothing and repeat nothing",
  tier: "full",
  async run(context) {
    const total = 1000;
    const { pubsub: publisher, topic, subscription } = await context.pair({ maxConcurrency: 20 });
    const ids: string[] = [];
    const handle = (): Promise<void> => context.work(context.random.integer(1, 4));
    const publishing = context.publish(publisher, topic, total);

    for (let round = 0; round < 5; round += 1) {
      const pubsub = await context.open();
      const workers = [
        await context.collect(pubsub, subscription, { handle }),
        await context.collect(pubsub, subscription, { handle }),
      ];
      const have = (): number => ids.length + workers.reduce((sum, worker) => sum + worker.completed.length, 0);
      await context.eventually(
        () => have() >= Math.min(total, (round + 1) * 100),
        () => `${(round + 1) * 100} completions; there are ${have()}`,
      );
      await Promise.all([pubsub.close(), pubsub.close(), workers[0]?.close(), pubsub.close()]);
      ids.push(...workers.flatMap((worker) => worker.ids));
    }

    const sent = await publishing;
    const last = await context.collect(publisher, subscription);
    await context.eventually(
      () => ids.length + last.completed.length >= total,
      () => `all ${total}; there are ${ids.length + last.completed.length}`,
    );
    await context.quiet();
    sameMembers(
      [...ids, ...last.ids],
      sent.map(({ id }) => id),
      "what all workers completed together",
    );
  },
});
