import { behaviour, type Behaviour } from "../../behaviour.ts";
import type { Context } from "../../context.ts";
import { equal } from "../../expect.ts";

const COUNT = 50;

export const noAttempt: Behaviour = behaviour({
  id: "filters.no-attempt",
  rows: [9, 36],
  statements: ["C9", "C30", "C39"],
  title:
    "what a filter holds back needs no free place, and is no attempt: it is skipped while the only handler is busy",
  tier: "smoke",
  async run(context) {
    // No broker can tell that an attribute is absent in every message, so that the worker applies this filter.
    const { pubsub, topic, subscription } = await context.pair({
      maxConcurrency: 1,
      filter: { hide: { exists: false } },
    });
    const [place] = await pubsub.filterPlaces(subscription);
    const gate = Promise.withResolvers<void>();
    const collector = await context.collect(pubsub, subscription, { prefetch: 1, handle: () => gate.promise });
    const busy = await context.publish(pubsub, topic, 1);
    await collector.starts(1);

    const hidden = await context.publish(pubsub, topic, COUNT, { attributes: { hide: "yes" } });
    const skipped = (): number => skippedIds(context, subscription.name).length;
    if (place?.appliedBy === "worker") {
      await context.eventually(
        () => skipped() >= COUNT,
        () => `${COUNT} messages to be skipped while the handler runs; ${skipped()} are`,
      );
    }
    equal(collector.running, 1, "the handlers that run");
    gate.resolve();
    await collector.completes(busy.map(({ id }) => id));
    await context.quiet();
    equal(
      collector.ids,
      busy.map(({ id }) => id),
      "the handled ids",
    );
    const delivered = new Set(
      context.log.entries.flatMap((entry) =>
        entry.type === "observed" && entry.event.type === "deliver" ? [entry.event.id] : [],
      ),
    );
    equal(
      hidden.filter(({ id }) => delivered.has(id)),
      [],
      "the attempts of messages that the filter holds back",
    );
    equal(await pubsub.deadLetters(subscription).count(), 0, "the number of dead letters");
  },
});

/** The ids of the messages that a subscription's workers have skipped, in order. */
export function skippedIds(context: Context, subscription: string): string[] {
  return context.log.entries.flatMap((entry) =>
    entry.type === "observed" &&
    entry.event.type === "skipped" &&
    entry.event.subscription === subscription &&
    entry.event.reason === "filter"
      ? [entry.event.id]
      : [],
  );
}
