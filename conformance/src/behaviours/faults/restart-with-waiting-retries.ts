import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check } from "../../expect.ts";
import { durableTopology } from "./durable-topology.ts";

/** Each subscription has its own waiting retries at the broker, and may be late independently. */
const SUBSCRIPTIONS = 20;
const MESSAGES = 3;
/**
 * Long enough that the retry is stored before the broker is killed, short enough that it is due before the broker is
 * back.
 */
const DELAY_MS = 1500;
/** Counted from the moment when the broker answers again. */
const SOON_MS = 30_000;

export const restartWithWaitingRetries: Behaviour = behaviour({
  id: "faults.restart-with-waiting-retries",
  rows: [19, 46],
  statements: ["C14", "C24"],
  title: "retries that become due while the broker is down are delivered soon after it is back, on every subscription",
  tier: "faults",
  needs: ["restart"],
  requires: outsideThisProcess,
  timeoutMs: 180_000,
  async run(context) {
    const { broker } = context.harness;
    check(broker !== undefined, "harness.broker");
    const delayMs = context.retryStepMs(DELAY_MS);
    const pubsub = await context.open();
    const topic = context.topic();
    const subscriptions = Array.from({ length: SUBSCRIPTIONS }, () =>
      context.subscription(topic, { retryPolicy: { minBackoffMs: delayMs, maxBackoffMs: delayMs } }),
    );
    await pubsub.apply([topic, ...subscriptions]);
    // The ack of a waiting message may be lost with the broker; then it is delivered twice.
    context.tolerate("skipped-attempts", "repeated-attempts", "duplicates");
    const collectors = await Promise.all(
      subscriptions.map((subscription) =>
        context.collect(pubsub, subscription, {
          handle({ attempt }) {
            if (attempt === 1) throw new Error("after the restart");
          },
        }),
      ),
    );
    const retries = (): number => context.log.observed("retry").length;
    const completed = async (ids: readonly string[], withinMs: number): Promise<void> => {
      await Promise.all(collectors.map((collector) => collector.completes(ids, withinMs)));
    };
    // What is created for the first retry must be as old as the other topology when the broker is killed.
    const first = await context.publish(pubsub, topic, 1);
    await completed([first[0]?.id ?? ""], delayMs + context.deliveryMs);
    await durableTopology(context);
    const before = retries();
    const sent = await context.publish(pubsub, topic, MESSAGES);
    await context.eventually(
      () => retries() - before >= MESSAGES * SUBSCRIPTIONS,
      "every message to wait for its retry",
    );

    // Long enough for the broker to store everything, so that the waiting retry itself must be delivered.
    await context.quiet(delayMs / 3);
    await broker.kill();
    await context.quiet(delayMs);
    await broker.start();

    await completed(
      sent.map(({ id }) => id),
      SOON_MS,
    );
  },
});
