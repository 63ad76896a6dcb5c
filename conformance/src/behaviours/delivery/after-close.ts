import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const afterClose: Behaviour = behaviour({
  id: "delivery.after-close",
  rows: [44],
  statements: ["C23"],
  title: "once close has resolved no handler starts; the next worker gets everything",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const publisher = await context.open();
    const first = await context.collect(pubsub, subscription, { maxConcurrency: 5, handle: () => context.work(2) });
    const publishing = context.publish(publisher, topic, 200);
    await first.starts(20);

    await first.close();
    const started = first.received.length;

    const sent = await publishing;
    await context.quiet();
    equal(first.received.length, started, "handler runs of the closed worker");
    const second = await context.collect(pubsub, subscription);
    const rest = sent.map(({ id }) => id).filter((id) => !first.ids.includes(id));
    await second.completes(rest);
    await context.quiet();
    sameMembers(second.ids, rest, "what the second worker completed");
  },
});
