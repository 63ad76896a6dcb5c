import { behaviour, type Behaviour } from "../../behaviour.ts";
import { comesAgain, replayed, replays } from "./replaying.ts";

/** How often the subscription is put back. The third time, a name that a broker may use again could be in use. */
const TIMES = 3;

export const runningWorkers: Behaviour = behaviour({
  id: "replay.running-workers",
  rows: [],
  statements: ["C47"],
  title: "workers that run during a seek follow it by themselves, on every connection, again and again",
  tier: "full",
  requires: replays,
  async run(context) {
    const { topic, subscription } = await replayed(context);
    const [one, two, operator] = await Promise.all([context.open(), context.open(), context.open()]);
    // A worker that did not follow would leave what was given to it.
    const options = { maxConcurrency: 2, prefetch: 2, handle: () => context.work(20) };
    const collectors = await Promise.all([
      context.collect(one, subscription, options),
      context.collect(two, subscription, options),
    ]);
    const sent = await context.publish(operator, topic, 20);
    await comesAgain(context, collectors, sent, []);
    for (let time = 0; time < TIMES; time += 1) {
      const before = collectors.flatMap(({ received }) => received);
      await operator.seek(subscription, { to: "beginning" });
      const more = await context.publish(operator, topic, 2);
      sent.push(...more);
      await comesAgain(context, collectors, sent, before);
    }
    await context.eventually(
      () => collectors.every(({ worker }) => worker.health().state === "receiving"),
      "both workers to say that they receive",
    );
  },
});
