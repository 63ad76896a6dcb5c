import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

export const pullSettles: Behaviour = behaviour({
  id: "delivery.pull-settles",
  rows: [5, 21, 28],
  statements: ["C13", "C14", "C16"],
  title: "in the pull form, ack, retry, reject and release do what their names say",
  tier: "smoke",
  async run(context) {
    const delayMs = context.retryStepMs(300);
    const { pubsub, topic, subscription } = await context.pair();
    await context.publish(pubsub, topic, 4, { key: (index) => ["ack", "retry", "reject", "release"][index] ?? "" });
    const seen = new Map<string, { attempt: number; atMs: number }[]>();
    let settled = 0;
    let retriedMs = 0;

    for await (const delivery of pubsub.deliveries(subscription, { maxConcurrency: 4 })) {
      const { key } = delivery.event;
      const runs = seen.get(key) ?? [];
      seen.set(key, [...runs, { attempt: delivery.attempt, atMs: monotonicMs() }]);
      if (runs.length > 0 || key === "ack") {
        await delivery.ack();
        settled += 1;
      } else if (key === "retry") {
        retriedMs = monotonicMs();
        await delivery.retry({ delayMs, error: new Error("not now") });
      } else if (key === "release") await delivery.release();
      else {
        await delivery.reject("does not fit");
        settled += 1;
      }
      if (settled === 4) break;
    }

    equal(seen.get("ack")?.length, 1, "deliveries of the acknowledged message");
    equal(seen.get("reject")?.length, 1, "deliveries of the rejected message");
    equal(
      seen.get("retry")?.map(({ attempt }) => attempt),
      [1, 2],
      "attempts of the retried message",
    );
    within(
      (seen.get("retry")?.[1]?.atMs ?? 0) - retriedMs,
      { min: delayMs - 1, max: delayMs + context.lateMs },
      "the ms until the retry",
    );
    const released = seen.get("release")?.map(({ attempt }) => attempt) ?? [];
    if (context.capabilities.attempts === "exact") equal(released, [1, 1], "attempts of the released message");
    else check(released.length === 2, "the released message to be redelivered");
    const [letter] = await pubsub.deadLetters(subscription).peek();
    equal(
      [letter?.reason, letter?.errorMessage],
      ["rejected", "does not fit"],
      "reason and message of the dead letter",
    );
  },
});
