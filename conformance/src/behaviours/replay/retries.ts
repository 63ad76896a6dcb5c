import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { between, comesAgain, replayed, replays } from "./replaying.ts";

/** Longer than the behaviour takes until the seek. */
const DELAY_MS = 8000;

export const retries: Behaviour = behaviour({
  id: "replay.retries",
  rows: [],
  statements: ["C47"],
  title: "a seek drops the retries that wait: those from the new position on come with attempt 1; dead letters stay",
  tier: "full",
  requires: replays,
  async run(context) {
    const { topic } = await replayed(context);
    const delayMs = context.retryStepMs(DELAY_MS);
    const subscription = context.subscription(topic, {
      retryPolicy: { minBackoffMs: delayMs, maxBackoffMs: delayMs },
    });
    const pubsub = await context.open();
    await pubsub.apply([subscription]);
    let fails = true;
    const collector = await context.collect(pubsub, subscription, {
      handle({ item }) {
        if (item.key === "dead") throw new Reject("never");
        if (fails) throw new Error("later");
      },
    });
    await context.publishItem(pubsub, topic, context.item("dead"));
    const early = await context.publish(pubsub, topic, 3);
    await collector.starts(4);
    const to = await between(context);
    const late = await context.publish(pubsub, topic, 3);
    await collector.starts(7);
    await context.eventually(async () => (await pubsub.deadLetters(subscription).count()) === 1, "one dead letter");
    // The settles of the failures have no answer: they are on their way.
    await context.work(500);
    fails = false;

    const before = [...collector.received];
    await pubsub.seek(subscription, { to });
    await comesAgain(context, [collector], late, before);
    // The delay of the early ones passes, and they do not come.
    await context.work(delayMs + context.lateMs);
    equal(collector.received.length, before.length + late.length, "the runs when the former retries would be due");
    equal(early.length, 3, "what was before the new position");
    equal(await pubsub.deadLetters(subscription).count(), 1, "the dead letters after the seek");
  },
});
