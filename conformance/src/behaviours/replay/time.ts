import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { between, comesAgain, replayed, replays } from "./replaying.ts";

export const time: Behaviour = behaviour({
  id: "replay.time",
  rows: [],
  statements: ["C47"],
  title:
    "seek to a time brings back what was stored since, handled or not, with the same ids and attempt 1, to this subscription only",
  tier: "smoke",
  requires: replays,
  async run(context) {
    const { topic, subscription, other } = await replayed(context);
    const pubsub = await context.open();
    const collector = await context.collect(pubsub, subscription);
    const neighbour = await context.collect(pubsub, other);
    const early = await context.publish(pubsub, topic, 5);
    const to = await between(context);
    const late = await context.publish(pubsub, topic, 5);
    const all = [...early, ...late].map(({ id }) => id);
    await Promise.all([collector.completes(all), neighbour.completes(all)]);
    await collector.close();
    const before = [...collector.received];

    await pubsub.seek(subscription, { to });
    const reader = await context.collect(pubsub, subscription);
    await comesAgain(context, [collector, reader], late, before);
    equal(neighbour.received.length, all.length, "what the other subscription got");

    before.push(...reader.received);
    await pubsub.seek(subscription, { to: "beginning" });
    await comesAgain(context, [collector, reader], [...early, ...late], before);
    equal(neighbour.received.length, all.length, "what the other subscription got");
  },
});
