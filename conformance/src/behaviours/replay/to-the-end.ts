import { behaviour, type Behaviour } from "../../behaviour.ts";
import { comesAgain, replayed, replays } from "./replaying.ts";

export const toTheEnd: Behaviour = behaviour({
  id: "replay.to-the-end",
  rows: [],
  statements: ["C47"],
  title: "seek to the end drops the backlog of this subscription only; what is published afterwards is delivered",
  tier: "full",
  requires: replays,
  async run(context) {
    const { topic, subscription, other } = await replayed(context);
    const pubsub = await context.open();
    const dropped = await context.publish(pubsub, topic, 5);
    // Where the end is a time, what was published in the same millisecond is not before it.
    await context.work(20);
    await pubsub.seek(subscription, { to: "end" });
    const kept = await context.publish(pubsub, topic, 5);
    // A seek that has not taken effect yet would drop these.
    await context.work(500);
    const collector = await context.collect(pubsub, subscription);
    const neighbour = await context.collect(pubsub, other);
    await comesAgain(context, [collector], kept, []);
    await neighbour.completes([...dropped, ...kept].map(({ id }) => id));
  },
});
