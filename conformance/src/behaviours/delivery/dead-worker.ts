import { behaviour, leased, type Behaviour } from "../../behaviour.ts";
import { check, equal, within } from "../../expect.ts";
import { forwardDelivery, forwardDriver, openWrappedSubscriber } from "../../intercept.ts";
import { monotonicMs } from "../../wait.ts";

/** Stands for a process that froze: it holds messages, renews no lease and settles nothing. */
export const deadWorker: Behaviour = behaviour({
  id: "delivery.dead-worker",
  rows: [34, 46],
  statements: ["C8", "C10", "C12"],
  title: "the messages of a worker that went silent go to another one after the ack deadline, with the attempt counted",
  tier: "full",
  requires: leased,
  async run(context) {
    const ackDeadlineMs = context.shortLeaseMs;
    const { pubsub, topic, subscription } = await context.pair({ ackDeadlineMs });
    context.tolerate("unfinished", "duplicates", "repeated-attempts");
    const frozen = await context.open({
      closeTimeoutMs: 100,
      intercept: (driver) =>
        forwardDriver(driver, {
          openSubscriber: (spec, sink, options) =>
            openWrappedSubscriber(driver, spec, sink, options, {
              wrap: (delivery) =>
                forwardDelivery(delivery, { ack: () => undefined, retry: () => undefined, release: () => undefined }),
              extend: () => undefined,
            }),
        }),
    });
    const sent = await context.publish(pubsub, topic, 3);
    const startMs = monotonicMs();
    const dead = await context.collect(frozen, subscription, { maxConcurrency: 3, prefetch: 0 });
    await dead.starts(3);

    const heir = await context.collect(pubsub, subscription);
    await heir.completes(
      sent.map(({ id }) => id),
      ackDeadlineMs + context.deliveryMs,
    );

    within(
      (heir.received[0]?.atMs ?? 0) - startMs,
      { min: ackDeadlineMs * 0.9 },
      "the ms until the first message changed hands",
    );
    for (const { id } of sent) {
      const [run, ...more] = heir.runsOf(id);
      equal(more.length, 0, "further runs of a message at the heir");
      check((run?.attempt ?? 0) >= 2, `attempt 2 or later at the heir, got ${run?.attempt}`);
      if (context.capabilities.attempts === "exact") equal(run?.attempt, 2, "the attempt at the heir");
    }
  },
});
