import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, within } from "../../expect.ts";
import type { Sent } from "../../context-options.ts";

export const retries: Behaviour = behaviour({
  id: "expiry.retries",
  rows: [5, 34],
  statements: ["C41"],
  title: "a message that failed is retried until its time has passed, and not after it; it becomes no dead letter",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const startsMs: number[] = [];
    const collector = await context.collect(pubsub, subscription, {
      handle({ context: { expiresAt } }) {
        startsMs.push(Date.now());
        check(expiresAt !== undefined, "every attempt to know when its message expires");
        throw new Error("never succeeds");
      },
    });
    let sent: Sent | undefined;
    let expiresAt = new Date();
    // On a machine under load the first attempt may come too late: then the next message lives longer.
    for (const lifeMs of [4000, 20_000]) {
      expiresAt = new Date(Date.now() + lifeMs);
      [sent] = await context.publish(pubsub, topic, 1, { expiresAt });
      const { id } = sent as Sent;
      await context.eventually(
        () => context.log.observed("skipped").some((event) => event.id === id),
        "the message to be skipped",
        lifeMs + context.deliveryMs,
      );
      if (collector.runsOf(id).length > 0) break;
    }

    const runs = collector.runsOf(sent?.id ?? "");
    check(runs.length > 0, "an attempt before its time");
    await context.quiet();
    equal(collector.runsOf(sent?.id ?? "").length, runs.length, "the attempts in the end");
    within(Math.max(...startsMs), { max: expiresAt.getTime() - 1 }, "the start of the last attempt, in Unix ms");
    const skipped = context.log.observed("skipped").filter(({ id }) => id === sent?.id);
    equal(skipped.length, 1, "how often it was skipped");
    check((skipped[0]?.attempt ?? 0) > 1, "the skipped delivery to be a retry");
    check((await pubsub.deadLetters(subscription).count()) === 0, "no dead letter");
  },
});
