import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";
import { highWater } from "../../invariants.ts";

const PLACES = 3;

export const pauseHandlers: Behaviour = behaviour({
  id: "control.pause-handlers",
  rows: [9, 36],
  statements: ["C9", "C42"],
  title:
    "handlers that run during a pause finish, are acknowledged, and keep their places when the worker is resumed before",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ maxConcurrency: PLACES });
    let free = false;
    const collector = await context.collect(pubsub, subscription, {
      handle: () => context.eventually(() => free, "permission to continue"),
    });
    const sent = await context.publish(pubsub, topic, PLACES);
    await collector.starts(PLACES);

    for (let times = 0; times < 3; times += 1) {
      await context.within(pubsub.pause(subscription), "pause to resolve while handlers run");
      await context.within(pubsub.resume(subscription), "resume to resolve while handlers run");
    }
    sent.push(...(await context.publish(pubsub, topic, 2 * PLACES)));
    await context.quiet();
    equal(collector.received.length, PLACES, "handlers that have started while the first ones hold all places");
    equal(collector.worker.health().running, PLACES, "running handlers in health()");

    free = true;
    await collector.completes(sent.map(({ id }) => id));
    await context.quiet();
    equal(collector.completed.length, sent.length, "completed handlers");
    const highest = highWater(context.log.entries, subscription.name);
    check(highest <= PLACES, `at most ${PLACES} handlers at the same time, got ${highest}`);
    await collector.close();
    const later = await context.collect(await context.open(), subscription);
    await context.quiet();
    equal(later.received.length, 0, "messages that were redelivered after they were acknowledged");
  },
});
