import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, sameMembers } from "../../expect.ts";

const WORKERS = 4;
const MESSAGES = 1000;

export const competing: Behaviour = behaviour({
  id: "delivery.competing",
  rows: [3, 35],
  statements: ["C8"],
  title:
    "workers of several connections on one subscription share its messages: together each once, each worker a fair part",
  tier: "full",
  async run(context) {
    const { topic, subscription } = await context.pair({ maxConcurrency: 5 });
    const connections = await Promise.all(Array.from({ length: WORKERS }, () => context.open()));
    const workers = await Promise.all(
      connections.map((pubsub) =>
        context.collect(pubsub, subscription, {
          prefetch: 5,
          handle: () => context.work(context.random.integer(1, 5)),
        }),
      ),
    );
    const publisher = await context.open();

    const sent = await context.publish(publisher, topic, MESSAGES);

    const all = (): string[] => workers.flatMap(({ ids }) => ids);
    await context.eventually(
      () => new Set(all()).size >= MESSAGES,
      () => `${MESSAGES} completions; there are ${new Set(all()).size}`,
    );
    await context.quiet();
    sameMembers(
      all(),
      sent.map(({ id }) => id),
      "what all workers completed together",
    );
    for (const worker of workers) {
      check(
        worker.completed.length >= MESSAGES / 10,
        `${worker.name} to get at least a tenth of ${MESSAGES}, it got ${worker.completed.length}`,
      );
    }
  },
});
