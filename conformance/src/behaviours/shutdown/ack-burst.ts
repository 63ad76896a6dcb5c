import { setImmediate } from "node:timers/promises";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

/** More than any broker passes on at once, and the default `maxConcurrency`. */
const TOTAL = 100;

export const ackBurst: Behaviour = behaviour({
  id: "shutdown.ack-burst",
  rows: [10, 36],
  statements: ["C11", "C23"],
  title: "a hundred handlers end at once while their worker closes: every acknowledgement counts",
  tier: "full",
  async run(context) {
    const pubsub = await context.open();
    const topics = [context.topic(), ...(context.capabilities.ordering === "per-key" ? [context.orderedTopic()] : [])];
    for (const topic of topics) {
      const subscription = context.subscription(topic, { maxConcurrency: TOTAL });
      await pubsub.apply([subscription]);
      const leave = new Map<string, () => void>();
      const collector = await context.collect(pubsub, subscription, {
        handle: ({ id }) => new Promise<void>((resolve) => leave.set(id, resolve)),
      });
      await context.publish(pubsub, topic, TOTAL, { key: (index) => `key-${index}` });
      await collector.starts(TOTAL);

      const closing = collector.close();
      await context.quiet();
      const [oldest, ...others] = collector.received.map(({ id }) => leave.get(id));
      for (const end of others.toReversed()) end?.();
      // Only now, so that no single acknowledgement can cover all of them.
      for (let turn = 0; turn < 3; turn += 1) await setImmediate();
      oldest?.();
      await context.within(closing, "close to resolve once the handlers have ended");

      equal(collector.completed.length, TOTAL, "completed handlers");
      const later = await context.collect(await context.open(), subscription);
      await context.quiet();
      equal(later.received.length, 0, `redelivered messages of the hundred on ${topic.name}`);
    }
  },
});
