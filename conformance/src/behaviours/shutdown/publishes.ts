import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const publishes: Behaviour = behaviour({
  id: "shutdown.publishes",
  rows: [36, 40],
  statements: ["C1", "C23"],
  title: "publishes that are pending at close are answered truthfully: accepted ones arrive, refused ones say so",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    const publisher = await context.open({ publish: { maxPending: 20 } });
    await context.publish(publisher, topic, 1);

    const publishing = Array.from({ length: 300 }, () =>
      context.publishItem(publisher, topic, context.item()).then(
        (sent) => sent.id,
        () => undefined,
      ),
    );
    await publisher.close();
    // Its topic is still being opened.
    const fresh = await context.open();
    const first = context.publishItem(fresh, topic, context.item());
    await fresh.close();

    const { id } = await context.within(first, "a publish from before the close to be answered");
    const answers = await context.within(Promise.all(publishing), "every publish to be answered");
    const accepted = answers.filter((id) => id !== undefined);
    check(accepted.length >= 20, `at least those on their way to be accepted, ${accepted.length} were`);
    await collector.completes([id, ...accepted]);
    context.assertNothingLost(topic, subscription);
    equal(publisher.health().publishing, 0, "health().publishing after close");
  },
});
