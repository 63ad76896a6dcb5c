import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, rejects, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

export const closeWhileDisconnected: Behaviour = behaviour({
  id: "faults.close-while-disconnected",
  rows: [36],
  statements: ["C23", "C24"],
  title:
    "close ends within 15 s while the connection is cut and a handler has just finished; a connect meanwhile is UNAVAILABLE",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const { topic, subscription } = await context.pair({ ackDeadlineMs: context.shortLeaseMs });
    context.tolerate("duplicates", "skipped-attempts", "repeated-attempts");
    const pubsub = await context.open({ throughProxy: true, closeTimeoutMs: 3000 });
    let free = false;
    const collector = await context.collect(pubsub, subscription, {
      handle: () => context.eventually(() => free, "permission to continue"),
    });
    const sent = await context.publish(pubsub, topic, 5);
    await collector.starts(5);

    await proxy.cut();
    free = true;
    const startMs = monotonicMs();
    await rejects(context.open({ throughProxy: true }), "UNAVAILABLE", "connecting over a line that is cut");
    within(monotonicMs() - startMs, { max: 15_000 }, "the ms until connect failed");
    const closingMs = monotonicMs();
    await Promise.all([pubsub.close(), pubsub.close()]);
    within(monotonicMs() - closingMs, { max: 15_000 }, "the ms that close took");
    await proxy.heal();

    const heir = await context.collect(await context.open(), subscription);
    const again = await context.publish(await context.open(), topic, 3);
    await heir.completes(
      again.map(({ id }) => id),
      60_000,
    );
    await context.quiet(2 * context.shortLeaseMs);
    const completed = new Set([...collector.ids, ...heir.ids]);
    check(
      sent.every(({ id }) => completed.has(id)),
      "every message to be completed by one or the other",
    );
  },
});
