import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

const PUBLISH_TIMEOUT_MS = 3000;

export const halfOpen: Behaviour = behaviour({
  id: "faults.half-open",
  rows: [20, 40, 47],
  statements: ["C1", "C24", "C37"],
  title:
    "on a connection that drops everything, publishes time out as configured; when it is restored, everything continues by itself",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const { pubsub: direct, topic, subscription } = await context.pair({ ackDeadlineMs: context.shortLeaseMs });
    context.tolerate("duplicates", "skipped-attempts");
    const pubsub = await context.open({ throughProxy: true, publish: { timeoutMs: PUBLISH_TIMEOUT_MS } });
    const collector = await context.collect(pubsub, subscription);
    const [first] = await context.publish(pubsub, topic, 1);
    await collector.completes([first?.id ?? ""]);

    await proxy.blackhole();
    const startMs = monotonicMs();
    const answer = await context.publishItem(pubsub, topic, context.item()).then(
      () => "accepted",
      (error: unknown) => (error as { code?: string }).code,
    );
    check(answer === "TIMEOUT" || answer === "UNAVAILABLE", `TIMEOUT or UNAVAILABLE, got ${answer}`);
    within(monotonicMs() - startMs, { max: PUBLISH_TIMEOUT_MS + 2000 }, "the ms until the publish timed out");
    const meanwhile = await context.publish(direct, topic, 5);
    await proxy.heal();

    await collector.completes(
      meanwhile.map(({ id }) => id),
      120_000,
    );
    const last = await context.publishUntilAccepted(pubsub, topic, context.item());
    await collector.completes([last.id], 60_000);
    context.assertNothingLost(topic, subscription);
  },
});
