import { behaviour, ordered, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import type { Context } from "../../context.ts";
import { check, equal } from "../../expect.ts";

/** Messages of one key. The first fails twice in a worker whose connection is cut during the third attempt. */
async function countsOn(context: Context, messages: number): Promise<void> {
  const { proxy } = context.harness;
  check(proxy !== undefined, "harness.proxy");
  const pubsub = await context.open();
  const topic = context.orderedTopic();
  const ackDeadlineMs = context.shortLeaseMs;
  const subscription = context.subscription(topic, { ackDeadlineMs });
  await pubsub.apply([subscription]);
  context.tolerate("unfinished", "duplicates", "repeated-attempts", "skipped-attempts");
  const sent = await context.publish(pubsub, topic, messages, { key: () => "key" });
  let over = false;
  const doomed = await context.collect(await context.open({ throughProxy: true, closeTimeoutMs: 100 }), subscription, {
    handle({ attempt }) {
      if (attempt < 3) throw new Error("not yet");
      return context.eventually(() => over, "the end", 3 * context.deliveryMs);
    },
  });
  await doomed.starts(3);
  await proxy.cut();

  const heir = await context.collect(pubsub, subscription);
  await heir.completes(
    sent.map(({ id }) => id),
    3 * ackDeadlineMs + context.deliveryMs,
  );
  over = true;
  await proxy.heal();

  equal(
    doomed.received.map(({ attempt }) => attempt),
    [1, 2, 3],
    "the attempts at the worker that was cut off",
  );
  const [first] = heir.received;
  equal(first?.id, sent[0]?.id, "the first message at the heir");
  check((first?.attempt ?? 0) >= 4, `attempt 4 or later at the heir, got ${first?.attempt}`);
  context.assertKeyOrder(subscription, { ignoreCompleted: true });
}

export const orderedAttempts: Behaviour = behaviour({
  id: "faults.ordered-attempts",
  rows: [34, 46],
  statements: ["C12", "C20"],
  title: "failures with an ordering key still count after their worker is cut off",
  tier: "faults",
  needs: ["proxy"],
  requires: (capabilities) => ordered(capabilities) ?? outsideThisProcess(capabilities),
  run: async (context) => countsOn(context, 1),
});

export const orderedAttemptsInHand: Behaviour = behaviour({
  id: "faults.ordered-attempts-in-hand",
  rows: [34, 46],
  statements: ["C12", "C20"],
  title:
    "failures with an ordering key still count after their worker is cut off while it held later messages of the key",
  tier: "faults",
  needs: ["proxy"],
  requires: (capabilities) => ordered(capabilities) ?? outsideThisProcess(capabilities) ?? counted(capabilities),
  run: async (context) => countsOn(context, 3),
});

function counted({ orderedAttempts }: Context["capabilities"]): string | undefined {
  return orderedAttempts === "broker"
    ? undefined
    : 'orderedAttempts "worker": with successors in hand the worker counts, and its count dies with it';
}
