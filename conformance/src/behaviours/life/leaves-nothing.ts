import { getActiveResourcesInfo } from "node:process";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { within } from "../../expect.ts";

export const leavesNothing: Behaviour = behaviour({
  id: "life.leaves-nothing",
  rows: [14, 42],
  statements: ["C23", "C24"],
  title: "connections that were used and closed leave no socket and no timer",
  tier: "full",
  exclusive: true,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    await pubsub.close();
    const use = async (): Promise<void> => {
      const connection = await context.open();
      const collector = await context.collect(connection, subscription);
      const sent = await context.publish(connection, topic, 3);
      await collector.completes(sent.map(({ id }) => id));
      await connection.deadLetters(subscription).count();
      await connection.close();
    };
    const count = (): number => getActiveResourcesInfo().filter((kind) => /TCP|TLS|Timeout|Pipe/.test(kind)).length;
    // The first use may create something once per process, which stays.
    await use();
    let settled = count();
    await context.eventually(() => {
      const before = settled;
      settled = count();
      return settled >= before;
    }, "the first connection to be gone");
    const baseline = settled;

    for (let round = 0; round < 10; round += 1) await use();

    await context.eventually(
      () => count() <= baseline + 2,
      () => `open resources to return to ${baseline}; there are ${count()}: ${getActiveResourcesInfo().join(", ")}`,
    );
    within(count(), { max: baseline + 2 }, "open resources after ten more connections");
  },
});
