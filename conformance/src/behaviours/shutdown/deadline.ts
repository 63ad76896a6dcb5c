import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

export const deadline: Behaviour = behaviour({
  id: "shutdown.deadline",
  rows: [36, 45],
  statements: ["C23", "C25"],
  title:
    "a handler that hangs cannot delay close past its deadline: its signal aborts, its message goes to another worker",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    context.tolerate("duplicates", "repeated-attempts");
    let release: () => void = () => undefined;
    const hang = new Promise<void>((resolve) => (release = resolve));
    let aborted = false;
    const collector = await context.collect(pubsub, subscription, {
      async handle({ context: { signal } }) {
        signal.addEventListener("abort", () => (aborted = true));
        await hang;
      },
    });
    const [sent] = await context.publish(pubsub, topic, 1);
    await collector.starts(1);
    const heir = await context.collect(await context.open(), subscription);

    const startMs = monotonicMs();
    await context.within(collector.close({ timeoutMs: 300 }), "close to resolve past its deadline");
    // The deadline, and the time that flushing may take.
    within(monotonicMs() - startMs, { min: 299, max: 300 + 5000 + context.lateMs }, "the ms that close took");

    equal(aborted, true, "whether the signal aborted");
    await heir.completes([sent?.id ?? ""]);
    release();
    await context.quiet();
    equal(heir.completed.length, 1, "completions at the heir");
  },
});
