import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal, sameMembers, within } from "../../expect.ts";
import { highWater } from "../../invariants.ts";

const CUTS = 20;

export const reconnects: Behaviour = behaviour({
  id: "faults.reconnects",
  rows: [33, 42],
  statements: ["C9", "C24"],
  title:
    "after twenty reconnects there is one consumer as before, the same number of connections, and the same concurrency",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  timeoutMs: 420_000,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const { topic, subscription } = await context.pair({ maxConcurrency: 3, ackDeadlineMs: context.shortLeaseMs });
    context.tolerate("duplicates", "skipped-attempts");
    const warnings: string[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning.message);
    process.on("warning", onWarning);
    const pubsub = await context.open({ throughProxy: true });
    const collector = await context.collect(pubsub, subscription, { prefetch: 3, handle: () => context.work(5) });
    const [first] = await context.publish(pubsub, topic, 1);
    await collector.completes([first?.id ?? ""]);
    const connections = proxy.connections;

    for (let round = 0; round < CUTS; round += 1) {
      await proxy.cut();
      await proxy.heal();
      // A message through the new connection shows that it works.
      const sent = await context.publishUntilAccepted(pubsub, topic, context.item());
      await collector.completes([sent.id], 60_000);
    }

    const name = { topic: topic.name, subscription: subscription.name };
    await context.eventually(
      async () => ((await context.harness.stats?.(name))?.workers ?? 1) === 1,
      "the broker to count one consumer",
      context.shortLeaseMs + 60_000,
    );
    const sent = await context.publish(pubsub, topic, 60);
    await collector.completes(sent.map(({ id }) => id));
    await context.quiet();
    const ids = sent.map(({ id }) => id);
    sameMembers(
      collector.ids.filter((id) => ids.includes(id)),
      ids,
      "what was completed of the last sixty",
    );
    within(highWater(context.log.entries, subscription.name), { max: 3 }, "the most handlers at once");
    await context.eventually(
      () => proxy.connections <= connections,
      () => `${connections} connections as in the beginning; there are ${proxy.connections}`,
      60_000,
    );
    process.off("warning", onWarning);
    equal(
      warnings.filter((warning) => /listener/i.test(warning)),
      [],
      "warnings about listeners",
    );
    equal(pubsub.health().subscriptions.length, 1, "subscriptions in health");
  },
});
