import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, within } from "../../expect.ts";

const MESSAGES = 6;

export const curve: Behaviour = behaviour({
  id: "retry.curve",
  rows: [5, 27],
  statements: ["C12", "C14"],
  title: "delays double from minBackoff up to maxBackoff, never shorter and not much longer than jitter allows",
  tier: "full",
  async run(context) {
    const minBackoffMs = context.retryStepMs(300);
    const maxBackoffMs = 2 * minBackoffMs;
    const jitter = 0.2;
    const { granularityMs } = context.capabilities.nackDelay;
    const { pubsub, topic, subscription } = await context.pair({
      retryPolicy: { minBackoffMs, maxBackoffMs, maxRetries: 10, jitter },
    });
    const endedMs = new Map<string, number>();
    const gaps: { readonly attempt: number; readonly gapMs: number }[] = [];
    const collector = await context.collect(pubsub, subscription, {
      handle({ id, attempt, atMs }) {
        const previousMs = endedMs.get(id);
        if (previousMs !== undefined) gaps.push({ attempt, gapMs: atMs - previousMs });
        endedMs.set(id, performance.now());
        if (attempt < 5) throw new Error("again");
      },
    });

    const sent = await context.publish(pubsub, topic, MESSAGES);
    const ids = sent.map(({ id }) => id);
    await collector.completes(ids, 8 * maxBackoffMs + context.deliveryMs);

    equal(gaps.length, 4 * MESSAGES, "the number of retries");
    for (const { attempt, gapMs } of gaps) {
      const baseMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** (attempt - 2));
      // One ms for the difference between this process's clocks. A coarse broker may round up by one step.
      const bounds = { min: baseMs - 1, max: baseMs * (1 + jitter) + granularityMs + context.lateMs };
      within(gapMs, bounds, `the ms before attempt ${attempt}`);
    }
    for (const id of ids) {
      equal(
        collector.runsOf(id).map(({ attempt }) => attempt),
        [1, 2, 3, 4, 5],
        "the attempts of a message",
      );
    }
  },
});
