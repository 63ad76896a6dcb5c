import { behaviour, ordered, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check } from "../../expect.ts";
import { cutThreeTimes } from "./cut-three-times.ts";

const KEYS = 6;
const MESSAGES = 240;

export const orderedCut: Behaviour = behaviour({
  id: "faults.ordered-cut",
  rows: [20, 32],
  statements: ["C6", "C20", "C24"],
  title: "order per key holds over lost connections, of publisher and worker",
  tier: "faults",
  needs: ["proxy"],
  requires: (capabilities) => ordered(capabilities) ?? outsideThisProcess(capabilities),
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const direct = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic, { ackDeadlineMs: context.shortLeaseMs });
    await direct.apply([subscription]);
    // A publish that is repeated because its outcome is unknown may become two messages with one id, each with its
    // own attempts.
    context.tolerate("duplicates", "skipped-attempts", "repeated-attempts");
    const pubsub = await context.open({ throughProxy: true, publish: { timeoutMs: 5000 } });
    const collector = await context.collect(pubsub, subscription, {
      async handle({ item, attempt }) {
        await context.work(3);
        if (attempt === 1 && item.seq % 11 === 0) throw new Error("once more");
      },
    });
    const ids: string[] = [];
    const sender = async (key: string): Promise<void> => {
      for (let count = 0; count < MESSAGES / KEYS; count += 1) {
        ids.push((await context.publishUntilAccepted(pubsub, topic, context.item(key))).id);
      }
    };

    const sending = Promise.all(Array.from({ length: KEYS }, (_, key) => sender(`key-${key}`)));
    sending.catch(() => undefined);
    await cutThreeTimes(context, proxy, MESSAGES, () => ids.length);
    await sending;
    await collector.completes(ids, 120_000);

    context.assertNothingLost(topic, subscription);
    context.assertKeyOrder(subscription, { ignoreCompleted: true });
  },
});
