import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const idle: Behaviour = behaviour({
  id: "drain.idle",
  rows: [10, 36],
  statements: ["C46"],
  title: "drain handles what there is, with its retries, ends when it is idle, and takes nothing after that",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const untilIdleMs = context.quietMs;
    const handled: string[] = [];
    const drain = (): ReturnType<typeof pubsub.drain> =>
      pubsub.drain(
        subscription,
        (item, { id, attempt }) => {
          if (item.key === "fails" && attempt === 1) throw new Error("once more");
          handled.push(id);
        },
        { untilIdleMs, signal: context.signal },
      );
    const sent = await context.publish(pubsub, topic, 20, { key: (index) => (index < 5 ? "fails" : "works") });

    const first = await context.within(drain(), "drain to end", context.deliveryMs + 4 * untilIdleMs);

    equal(
      first,
      { handled: 20, retried: 5, deadLettered: 0, skipped: 0, endedBy: "idle" },
      "what the first drain has done",
    );
    equal(pubsub.health().subscriptions, [], "the workers that are left");
    const more = await context.publish(pubsub, topic, 4);
    await context.quiet();
    equal(handled.length, 20, "what was handled before the second drain");
    const second = await context.within(drain(), "drain to end", context.deliveryMs + 4 * untilIdleMs);
    equal([second.handled, second.endedBy], [4, "idle"], "what the second drain has done");
    sameMembers(
      handled,
      [...sent, ...more].map(({ id }) => id),
      "what was handled",
    );
  },
});
