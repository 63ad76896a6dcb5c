import { behaviour, type Behaviour } from "../../behaviour.ts";
import { within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

/** The catalogue asks for ten idle minutes; `idleMs` of the run decides. */
export const idle: Behaviour = behaviour({
  id: "life.idle",
  rows: [47],
  statements: ["C24"],
  title: "after a long silence a message arrives within five seconds, and a publish succeeds",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    const [first] = await context.publish(pubsub, topic, 1);
    await collector.completes([first?.id ?? ""]);

    await context.quiet(context.idleMs);

    const startMs = monotonicMs();
    const [second] = await context.publish(pubsub, topic, 1);
    await collector.completes([second?.id ?? ""]);
    within(monotonicMs() - startMs, { max: 5000 }, "the ms from publish to completion after the silence");
  },
});
