import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, equalAttributes, equalBytes, sameMembers, within } from "../../expect.ts";

/** Five messages with five different contents, so that no message can be mistaken for another. */
export const roundtrip: Behaviour = behaviour({
  id: "publish.roundtrip",
  rows: [1],
  statements: ["C2", "C3", "C29"],
  title: "a message arrives once, with the id, body, attributes and time it was published with",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    const beforeMs = Date.now();
    const sent = await Promise.all(
      [0, 1, 2, 3, 4].map((index) =>
        context.publishItem(pubsub, topic, context.item(), {
          attributes: { number: String(index), kind: "round trip" },
        }),
      ),
    );
    const afterMs = Date.now();

    await collector.completes(sent.map(({ id }) => id));
    await context.quiet();

    sameMembers(
      collector.ids,
      sent.map(({ id }) => id),
      "the ids that arrived",
    );
    for (const [index, { id, item }] of sent.entries()) {
      const [received] = collector.runsOf(id);
      const about = `message ${index}`;
      equal(received?.item, item, `${about}'s event`);
      equalAttributes(
        received?.context.attributes ?? {},
        { number: String(index), kind: "round trip" },
        `${about}'s attributes`,
      );
      equalBytes(received?.context.body ?? new Uint8Array(), Buffer.from(JSON.stringify(item)), `${about}'s body`);
      equal(received?.attempt, 1, `${about}'s attempt`);
      equal(received?.context.orderingKey, undefined, `${about}'s ordering key`);
      // Some brokers keep whole seconds, and they have their own clocks.
      within(
        received?.context.publishTime.getTime() ?? NaN,
        { min: beforeMs - 1000, max: afterMs + 1000 },
        `${about}'s publish time`,
      );
    }
  },
});
