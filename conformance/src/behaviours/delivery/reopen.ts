import { behaviour, type Behaviour } from "../../behaviour.ts";
import { sameMembers } from "../../expect.ts";

export const reopen: Behaviour = behaviour({
  id: "delivery.reopen",
  rows: [10],
  statements: ["C11", "C23"],
  title: "workers that open and close again and again under load lose nothing and repeat nothing",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ maxConcurrency: 10 });
    const total = 500;
    const publishing = context.publish(pubsub, topic, total);
    const ids: string[] = [];

    for (let round = 0; round < 10; round += 1) {
      const connection = round % 2 === 0 ? pubsub : await context.open();
      const collector = await context.collect(connection, subscription, { handle: () => context.work(1) });
      await context.eventually(
        () => collector.completed.length >= 20 || ids.length + collector.completed.length >= total,
        "twenty completions",
      );
      await collector.close();
      ids.push(...collector.ids);
      if (connection !== pubsub) await connection.close();
    }
    const last = await context.collect(pubsub, subscription);
    await context.eventually(
      () => ids.length + last.completed.length >= total,
      () => `all ${total}; there are ${ids.length + last.completed.length}`,
    );
    await context.quiet();

    sameMembers(
      [...ids, ...last.ids],
      (await publishing).map(({ id }) => id),
      "what all workers completed together",
    );
  },
});
