import { behaviour, exactlyOnce, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, sameMembers } from "../../expect.ts";
import { cutThreeTimes } from "./cut-three-times.ts";

const MESSAGES = 150;

export const exactlyOnceCut: Behaviour = behaviour({
  id: "faults.exactly-once-cut",
  rows: [20, 31],
  statements: ["C21"],
  title:
    "over lost connections, with publishes repeated under one id, each message of an exactly-once topic succeeds exactly once",
  tier: "faults",
  needs: ["proxy"],
  requires: (capabilities) => exactlyOnce(capabilities) ?? outsideThisProcess(capabilities),
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const { topic, subscription } = await context.pair(
      { ackDeadlineMs: context.shortLeaseMs },
      { deliveryGuarantee: "exactly-once" },
    );
    context.tolerate("skipped-attempts", "repeated-attempts");
    const pubsub = await context.open({ throughProxy: true, publish: { timeoutMs: 5000 } });
    const collector = await context.collect(pubsub, subscription, { maxConcurrency: 5, handle: () => context.work(5) });
    const ids: string[] = [];
    const items = Array.from({ length: MESSAGES }, () => context.item());
    const sender = async (): Promise<void> => {
      for (let item = items.shift(); item !== undefined; item = items.shift()) {
        ids.push((await context.publishUntilAccepted(pubsub, topic, item)).id);
      }
    };

    const sending = Promise.all([sender(), sender(), sender()]);
    sending.catch(() => undefined);
    await cutThreeTimes(context, proxy, MESSAGES, () => ids.length);
    await sending;
    await collector.completes(ids, 120_000);
    await context.quiet(Math.max(2 * context.shortLeaseMs, context.quietMs));

    sameMembers(collector.ids, ids, "what was completed");
  },
});
