import { RetryAfter } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

export const retryAfter: Behaviour = behaviour({
  id: "retry.retry-after",
  rows: [21, 27],
  statements: ["C14"],
  title: "RetryAfter replaces one delay of the policy, longer or shorter",
  tier: "smoke",
  async run(context) {
    const { granularityMs } = context.capabilities.nackDelay;
    const longMs = context.retryStepMs(700);
    const policyMs = context.retryStepMs(50);
    const { pubsub, topic, subscription } = await context.pair({
      retryPolicy: { minBackoffMs: policyMs, maxBackoffMs: policyMs },
    });
    const failedMs = new Map<string, number[]>();
    const collector = await context.collect(pubsub, subscription, {
      handle({ id, attempt }) {
        failedMs.set(id, [...(failedMs.get(id) ?? []), monotonicMs()]);
        if (attempt === 1) throw new RetryAfter(longMs);
        if (attempt === 2) throw new Error("by policy again");
      },
    });

    const sent = await context.publish(pubsub, topic, 5);

    await collector.completes(sent.map(({ id }) => id));
    for (const { id } of sent) {
      const [, second, third] = collector.runsOf(id).map(({ atMs }) => atMs);
      const [firstFailure, secondFailure] = failedMs.get(id) ?? [];
      const longGap = (second ?? NaN) - (firstFailure ?? NaN);
      const policyGap = (third ?? NaN) - (secondFailure ?? NaN);
      within(longGap, { min: longMs - 1, max: longMs + granularityMs + context.lateMs }, "the ms after RetryAfter");
      within(policyGap, { min: policyMs - 1, max: policyMs + granularityMs + context.lateMs }, "the ms by policy");
    }
  },
});
