import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";
import { skippedIds } from "./no-attempt.ts";

export const order: Behaviour = behaviour({
  id: "filters.order",
  rows: [31, 32],
  statements: ["C20", "C39"],
  title: "messages of a key stay in order when others of the key between them are skipped, also across retries",
  tier: "full",
  requires: ordered,
  async run(context) {
    const stepMs = context.retryStepMs(250);
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic, {
      filter: { region: "eu", hide: { exists: false } },
      retryPolicy: { minBackoffMs: stepMs, maxBackoffMs: stepMs },
    });
    await pubsub.apply([subscription]);
    const sent = [];
    for (let index = 0; index < 24; index += 1) {
      const isTaken = index % 3 === 0;
      const attributes = isTaken
        ? { region: "eu" }
        : index % 3 === 1
          ? { region: "us" }
          : { region: "eu", hide: "yes" };
      const item = context.item(`key-${index % 2}`);
      sent.push({ isTaken, ...(await context.publishItem(pubsub, topic, item, { attributes })) });
    }
    const taken = sent.filter(({ isTaken }) => isTaken).map(({ id }) => id);
    const collector = await context.collect(pubsub, subscription, {
      handle({ item, attempt }) {
        if (item.seq % 4 === 0 && attempt === 1) throw new Error("not yet");
      },
    });
    await collector.completes(taken, 8 * stepMs + context.deliveryMs);
    context.assertKeyOrder(subscription);
    await context.quiet();
    equal([...collector.ids].toSorted(), taken.toSorted(), "the handled ids");
    const skipped = skippedIds(context, subscription.name);
    equal(
      skipped.filter((id) => taken.includes(id)),
      [],
      "the skipped ids that should be handled",
    );
  },
});
