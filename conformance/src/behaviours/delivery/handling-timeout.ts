import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

export const handlingTimeout: Behaviour = behaviour({
  id: "delivery.handling-timeout",
  rows: [34, 45],
  statements: ["C10", "C25"],
  title:
    "past maxHandlingMs the signal aborts, the handler's place is free and the message is retried; what the late handler then does changes nothing",
  tier: "full",
  async run(context) {
    const maxHandlingMs = context.shortLeaseMs;
    const { pubsub, topic, subscription } = await context.pair({
      ackDeadlineMs: maxHandlingMs,
      maxHandlingMs,
      // The late handler must not keep the only place.
      maxConcurrency: 1,
    });
    let abortedAfterMs = 0;
    let release: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (release = resolve));
    // The late run ends "ok" after the next attempt did. So the log correctly has two completions, one for each
    // attempt.
    context.tolerate("duplicates");
    const collector = await context.collect(pubsub, subscription, {
      async handle({ attempt, context: { signal }, item }) {
        if (item.key !== "hangs" || attempt > 1) return;
        const startMs = monotonicMs();
        signal.addEventListener("abort", () => (abortedAfterMs = monotonicMs() - startMs), { once: true });
        await late;
      },
    });

    const [hanging] = await context.publish(pubsub, topic, 1, { key: () => "hangs" });
    await context.eventually(
      () => collector.runsOf(hanging?.id ?? "").length === 2,
      "a second attempt of the message that hangs",
      maxHandlingMs + context.deliveryMs,
    );
    // The clock of leases counts whole milliseconds, and on a busy machine the handler's own clock starts a little later.
    within(
      abortedAfterMs,
      { min: maxHandlingMs - 20, max: maxHandlingMs + context.lateMs },
      "the ms until the signal aborted",
    );
    equal(
      collector.runsOf(hanging?.id ?? "").map(({ attempt }) => attempt),
      [1, 2],
      "the attempts",
    );
    release();
    const others = await context.publish(pubsub, topic, 20);
    await collector.completes(others.map(({ id }) => id));
    await context.quiet();
    equal(collector.runsOf(hanging?.id ?? "").length, 2, "the runs of the message that hung, in the end");
    check(context.log.observed("dead-letter").length === 0, "no dead letter");
  },
});
