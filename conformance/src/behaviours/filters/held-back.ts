import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const heldBack: Behaviour = behaviour({
  id: "filters.held-back",
  rows: [48],
  statements: ["C22", "C39"],
  title: 'with filter "broker", what does not pass is not stored for the subscription, and what may pass is',
  tier: "full",
  requires({ filter, statistics }) {
    if (filter === "worker") return 'filter "worker": every message comes to a worker';
    return statistics.waiting === "unknown" ? "the broker does not tell how many messages are waiting" : undefined;
  },
  withoutSaboteur:
    "the memory adapter leaves filters to the worker; adapters/rabbitmq/test/filters.test.ts and adapters/aws/test/filters.test.ts show what each broker is told",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ filter: { region: ["eu", "us"] } });
    const [place] = await pubsub.filterPlaces(subscription);
    equal(place?.appliedBy, "broker", `who applies the filter (${place?.reason})`);
    await context.publish(pubsub, topic, 20, { attributes: { region: "asia" } });
    const sent = await context.publish(pubsub, topic, 5, { attributes: { region: "us" } });
    let waiting: number | undefined;
    await context.eventually(
      async () => {
        ({ waiting } = await pubsub.stats(subscription));
        return waiting === sent.length;
      },
      () => `5 messages to wait; ${waiting} do`,
    );
    const collector = await context.collect(pubsub, subscription);
    await collector.completes(sent.map(({ id }) => id));
  },
});
