import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";
import { durableTopology } from "./durable-topology.ts";

export const attemptsAcrossRestart: Behaviour = behaviour({
  id: "faults.attempts-across-restart",
  rows: [19, 46],
  statements: ["C12", "C14"],
  title:
    "messages that wait for their retry survive a restart of the broker, with their attempt number, and are not delivered early",
  tier: "faults",
  needs: ["restart"],
  requires: outsideThisProcess,
  async run(context) {
    const { broker } = context.harness;
    check(broker !== undefined, "harness.broker");
    const delayMs = context.retryStepMs(4000);
    const { pubsub, topic, subscription } = await context.pair({
      retryPolicy: { minBackoffMs: delayMs, maxBackoffMs: delayMs },
    });
    context.tolerate("skipped-attempts");
    const collector = await context.collect(pubsub, subscription, {
      handle({ attempt }) {
        if (attempt === 1) throw new Error("after the restart");
      },
    });
    await durableTopology(context);
    const sent = await context.publish(pubsub, topic, 5);
    await collector.starts(5);
    await context.eventually(() => context.log.observed("retry").length === 5, "five retries to be handed over");

    // Time for the broker to store how long they must wait: some store it less exactly than they keep it in memory.
    await context.work(1500);
    await broker.kill();
    await broker.start();

    await collector.completes(
      sent.map(({ id }) => id),
      delayMs + 60_000,
    );
    for (const { id } of sent) {
      const [first, second] = collector.runsOf(id);
      check((second?.attempt ?? 0) >= 2, `attempt 2 or later after the restart, got ${second?.attempt}`);
      if (context.capabilities.attempts === "exact") equal(second?.attempt, 2, "the attempt after the restart");
      check(
        (second?.atMs ?? 0) - (first?.atMs ?? 0) >= delayMs - 1,
        `the retry not to come early, after ${(second?.atMs ?? 0) - (first?.atMs ?? 0)} ms`,
      );
    }
  },
});
