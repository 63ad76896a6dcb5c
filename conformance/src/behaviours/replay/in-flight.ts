import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { replayed, replays } from "./replaying.ts";

export const inFlight: Behaviour = behaviour({
  id: "replay.in-flight",
  rows: [],
  statements: ["C47", "C13"],
  title: "a handler that runs during a seek cannot settle the message that comes again",
  tier: "full",
  requires: replays,
  async run(context) {
    const { topic, subscription } = await replayed(context);
    context.tolerate("skipped-attempts");
    const pubsub = await context.open();
    const gates = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
    let started = 0;
    const collector = await context.collect(pubsub, subscription, {
      maxConcurrency: 4,
      handle: () => gates[(started += 1) - 1]?.promise,
    });
    const { id } = await context.publishItem(pubsub, topic, context.item());
    await collector.starts(1);

    await pubsub.seek(subscription, { to: "beginning" });
    await collector.starts(2);
    equal(collector.received[1]?.id, id, "the id that comes again");
    equal(collector.received[1]?.attempt, 1, "its attempt");
    // The first handler succeeds now: if that settled the message that came again, its failure would be forgotten.
    gates[0]?.resolve();
    await context.eventually(() => collector.completed.length === 1, "the first handler to end");
    await context.work(500);
    gates[1]?.reject(new Error("the second one fails"));

    await collector.starts(3);
    equal(collector.received[2]?.id, id, "the id that is retried");
    equal(collector.received[2]?.attempt, 2, "the attempt of the retry");
    await context.eventually(() => collector.completed.length === 2, "the retry to be completed");
  },
});
