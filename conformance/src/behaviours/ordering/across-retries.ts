import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const acrossRetries: Behaviour = behaviour({
  id: "ordering.across-retries",
  rows: [32],
  statements: ["C14", "C20"],
  title: "a message that fails three times blocks its key until it succeeds; other keys do not wait for it",
  tier: "smoke",
  requires: ordered,
  async run(context) {
    const stepMs = context.retryStepMs(250);
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic, { retryPolicy: { minBackoffMs: stepMs, maxBackoffMs: stepMs } });
    await pubsub.apply([subscription]);
    const collector = await context.collect(pubsub, subscription, {
      handle({ item, attempt }) {
        if (item.key === "bumpy" && item.seq % 3 === 0 && attempt < 4) throw new Error("not yet");
      },
    });

    const bumpy = await context.publish(pubsub, topic, 6, { key: () => "bumpy" });
    const smooth = await context.publish(pubsub, topic, 30, { key: (index) => `smooth-${index % 3}` });

    await collector.completes(
      [...bumpy, ...smooth].map(({ id }) => id),
      8 * stepMs + context.deliveryMs,
    );
    context.assertKeyOrder(subscription);
    for (const { id, item } of bumpy) {
      equal(collector.runsOf(id).length, item.seq % 3 === 0 ? 4 : 1, `the runs of seq ${item.seq}`);
    }
    const lastSmooth = Math.max(
      ...collector.received.filter(({ item }) => item.key !== "bumpy").map(({ atMs }) => atMs),
    );
    const lastBumpy = Math.max(
      ...collector.received.filter(({ item }) => item.key === "bumpy").map(({ atMs }) => atMs),
    );
    check(lastSmooth < lastBumpy, "the other keys to be done before the bumpy one");
  },
});
