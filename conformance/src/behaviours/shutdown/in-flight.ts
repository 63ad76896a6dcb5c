import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const inFlight: Behaviour = behaviour({
  id: "shutdown.in-flight",
  rows: [18, 36],
  statements: ["C11", "C23"],
  title: "close waits for running handlers, and their acknowledgements count",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    let free = false;
    const collector = await context.collect(pubsub, subscription, {
      handle: () => context.eventually(() => free, "permission to continue"),
    });
    const sent = await context.publish(pubsub, topic, 5);
    await collector.starts(5);

    let closed = false;
    const closing = collector.close().then(() => (closed = true));
    await context.quiet();
    check(!closed, "close to wait for five running handlers");
    free = true;
    await context.within(closing, "close to resolve once the handlers have ended");

    equal(collector.completed.length, 5, "completed handlers");
    const later = await context.collect(await context.open(), subscription);
    await context.quiet();
    equal(later.received.length, 0, "redelivered messages of the five");
    check(sent.length === 5, "five publishes");
  },
});
