import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, within } from "../../expect.ts";

const SIZE = 5;
const PLACES = 2;
const AHEAD = 4;

export const places: Behaviour = behaviour({
  id: "batches.places",
  rows: [35, 39],
  statements: ["C9", "C43"],
  title:
    "a batch takes one place, a full one starts at once, and a worker holds no more than its batches and its prefetch",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    await context.publish(pubsub, topic, 100);
    let free = false;
    const collector = await context.collect(pubsub, subscription, {
      maxConcurrency: PLACES,
      prefetch: AHEAD,
      // Nothing waits for so long: every batch is full.
      batch: { maxMessages: SIZE, maxWaitMs: 60_000 },
      handle: () => context.eventually(() => free, "permission to continue", context.deliveryMs * 3),
    });
    await collector.starts(PLACES * SIZE);
    await context.quiet();

    equal(
      collector.batches.map(({ length }) => length),
      [SIZE, SIZE],
      "the sizes of the batches that run",
    );
    equal(collector.worker.health().running, PLACES, "health().running");
    within(collector.worker.health().waiting, { max: AHEAD }, "health().waiting");
    within(context.traffic.mostOutstanding, { max: PLACES * SIZE + AHEAD }, "messages in the worker's hands");
    free = true;
    await context.eventually(
      () => collector.completed.length === 100,
      () => `all to be completed; ${collector.completed.length} are`,
    );
    within(Math.max(...collector.batches.map(({ length }) => length)), { max: SIZE }, "the largest batch");
    context.assertNothingLost(topic, subscription);
  },
});
