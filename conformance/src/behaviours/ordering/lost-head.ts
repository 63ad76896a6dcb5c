import { behaviour, leased, ordered, type Behaviour } from "../../behaviour.ts";
import { forwardDriver, openWrappedSubscriber } from "../../intercept.ts";

/** One lease is not renewed, and the others are: as when a renewal of several leases fails for one of them. */
export const lostHead: Behaviour = behaviour({
  id: "ordering.lost-head",
  rows: [8, 34],
  statements: ["C10", "C20"],
  title:
    "when the first message of a key loses its lease, those behind it start only after its redelivery has succeeded",
  tier: "full",
  timeoutMs: 240_000,
  requires: (capabilities) => ordered(capabilities) ?? leased(capabilities),
  async run(context) {
    const ackDeadlineMs = context.shortLeaseMs;
    const publisher = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic, { ackDeadlineMs });
    await publisher.apply([subscription]);
    // Nobody has started them, but a broker may count their leases.
    context.tolerate("skipped-attempts");
    const sent = await context.publish(publisher, topic, 4);
    const head = sent[0]?.id;
    const open = () =>
      context.open({
        intercept: (driver) =>
          forwardDriver(driver, {
            openSubscriber: (spec, sink, options) =>
              openWrappedSubscriber(driver, spec, sink, options, {
                extend: (deliveries, inner) =>
                  inner.extend(deliveries.filter(({ id, attempt }) => id !== head || attempt > 1)),
              }),
          }),
      });
    const handle = async ({ id, attempt, context: { signal } }: Handled): Promise<void> => {
      if (id !== head || attempt > 1) return;
      const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      await Promise.race([aborted, context.work(2.5 * ackDeadlineMs)]);
      // Meanwhile the next one could start.
      await context.work(200);
      throw new Error("its lease was lost");
    };
    const workers = [
      await context.collect(await open(), subscription, { maxConcurrency: 4, handle }),
      await context.collect(await open(), subscription, { maxConcurrency: 4, handle }),
    ];

    const completed = (): number => new Set(workers.flatMap(({ ids }) => ids)).size;
    await context.eventually(
      () => completed() === sent.length,
      () => `${sent.length} completions; there are ${completed()}`,
      6 * ackDeadlineMs + 2 * context.deliveryMs,
    );
    await context.eventually(
      () => workers.every(({ running }) => running === 0),
      "the lost handler to end",
      3 * ackDeadlineMs,
    );
    await context.quiet();

    context.assertKeyOrder(subscription);
    context.assertNothingLost(topic, subscription);
  },
});

interface Handled {
  readonly id: string;
  readonly attempt: number;
  readonly context: { readonly signal: AbortSignal };
}
