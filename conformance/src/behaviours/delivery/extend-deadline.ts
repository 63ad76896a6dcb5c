import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, rejection } from "../../expect.ts";

export const extendDeadline: Behaviour = behaviour({
  id: "delivery.extend-deadline",
  rows: [34],
  statements: ["C10"],
  title: "extend moves the deadline, and the attempt is not abandoned before it",
  tier: "full",
  async run(context) {
    const maxHandlingMs = context.shortLeaseMs;
    const { pubsub, topic, subscription } = await context.pair({ ackDeadlineMs: maxHandlingMs, maxHandlingMs });
    let aborted = false;
    let movedMs = 0;
    const collector = await context.collect(pubsub, subscription, {
      async handle({ context: handling }) {
        const before = handling.deadline.getTime();
        const error = await rejection(
          Promise.resolve().then(() => handling.extend(NaN)),
          "extending by NaN",
        );
        check(error instanceof TypeError, `a TypeError, got ${String(error)}`);
        handling.extend(3 * maxHandlingMs);
        movedMs = handling.deadline.getTime() - before;
        await context.work(2 * maxHandlingMs);
        aborted = handling.signal.aborted;
      },
    });

    const [sent] = await context.publish(pubsub, topic, 1);

    await collector.completes([sent?.id ?? ""], 2 * maxHandlingMs + context.deliveryMs);
    await context.quiet();
    check(movedMs > maxHandlingMs, `the deadline to move by more than ${maxHandlingMs} ms, it moved by ${movedMs}`);
    equal([aborted, collector.received.length], [false, 1], "whether the signal aborted, and handler runs");
  },
});
