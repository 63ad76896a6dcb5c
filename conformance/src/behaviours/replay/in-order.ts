import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { comesAgain, replayed, replaysInOrder } from "./replaying.ts";

const KEYS = ["a", "b", "c"];

export const inOrder: Behaviour = behaviour({
  id: "replay.in-order",
  rows: [],
  statements: ["C47", "C20"],
  title: "after a seek, the messages of an ordering key come again in the order of publishing, also to running workers",
  tier: "full",
  requires: replaysInOrder,
  async run(context) {
    const { topic, subscription } = await replayed(context, true);
    const [one, two] = await Promise.all([context.open(), context.open()]);
    const options = { maxConcurrency: 4, handle: () => context.work(10) };
    const collectors = [
      await context.collect(one, subscription, options),
      await context.collect(two, subscription, options),
    ];
    const sent = await context.publish(one, topic, 30, { key: (index) => KEYS[index % KEYS.length] ?? "a" });
    await comesAgain(context, collectors, sent, []);
    for (let time = 0; time < 2; time += 1) {
      const before = collectors.flatMap(({ received }) => received);
      const seen = new Set(before);
      await two.seek(subscription, { to: "beginning" });
      sent.push(...(await context.publish(one, topic, 3, { key: (index) => KEYS[index] ?? "a" })));
      await comesAgain(context, collectors, sent, before);
      const runs = collectors.flatMap(({ received }) => received.filter((run) => !seen.has(run)));
      for (const key of KEYS) {
        const order = runs
          .filter(({ item }) => item.key === key)
          .toSorted((left, right) => left.atMs - right.atMs)
          .map(({ item }) => item.seq);
        equal(
          order,
          order.toSorted((left, right) => left - right),
          `the order of key ${key} after the seek`,
        );
      }
    }
  },
});
