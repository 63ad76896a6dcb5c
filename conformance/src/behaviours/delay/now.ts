import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying } from "../../delaying.ts";
import { check, equal, rejection, rejects } from "../../expect.ts";

export const now: Behaviour = behaviour({
  id: "delay.now",
  rows: [1, 8],
  statements: ["C4", "C28", "C40"],
  title:
    "what is due already is published at once, also in a batch; wrong times, both forms together and ordering keys are refused",
  tier: "full",
  withoutSaboteur: "core decides it before it calls the driver: see core/test/scheduled-publish.test.ts",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, {}, delaying(context));
    const collector = await context.collect(pubsub, subscription);
    const past = new Date(Date.now() - 60_000);
    const sent = await Promise.all(
      [{ delayMs: 0 }, { deliverAt: past }, { deliverAt: new Date(0) }].map((due) =>
        context.publishItem(pubsub, topic, context.item(), due),
      ),
    );
    const due = [{ delayMs: 0 }, { deliverAt: past }, { delayMs: 300 }, {}, { delayMs: -1 }];
    const entries = due.map((options) => ({ event: context.item(), ...options }));
    for (const { event } of entries)
      context.log.append({ type: "publish-start", topic: topic.name, seq: event.seq, key: event.key });
    const results = await pubsub.publishBatch(topic, entries);
    equal(
      results.map(({ ok }) => ok),
      [true, true, true, true, false],
      "the results of a batch, of which the last has a wrong delay",
    );
    const ids = results.flatMap((result) => (result.ok ? [result.id] : []));
    await collector.completes([...sent.map(({ id }) => id), ...ids]);

    for (const wrong of [
      { delayMs: 1.5 },
      { delayMs: Number.NaN },
      { delayMs: 366 * 86_400_000 + 1 },
      { deliverAt: new Date(Number.NaN) },
      { deliverAt: new Date(Date.now() + 367 * 86_400_000) },
      { deliverAt: past, delayMs: 10 },
    ]) {
      const error = await rejection(
        pubsub.publish(topic, context.item(), wrong),
        `a publish with ${JSON.stringify(wrong)}`,
      );
      check(error instanceof TypeError, `a TypeError for ${JSON.stringify(wrong)}, got ${String(error)}`);
    }
    if (context.capabilities.ordering === "none") return;
    const ordered = context.orderedTopic();
    const { message } = await rejects(
      pubsub.publish(ordered, context.item(), { delayMs: 1000 }),
      "NOT_SUPPORTED",
      "a delayed publish with an ordering key",
    );
    check(message.includes("ordering key"), `the error to name the ordering key: ${message}`);
  },
});
