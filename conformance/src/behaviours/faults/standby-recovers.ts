import type { PubSub } from "@anytopic/core";
import { behaviour, ordered, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import type { Collector } from "../../collector.ts";
import type { Context } from "../../context.ts";
import { check } from "../../expect.ts";

const RECOVERY_MS = 60_000;

export const standbyRecovers: Behaviour = behaviour({
  id: "faults.standby-recovers",
  rows: [20, 40],
  statements: ["C20", "C24", "C30", "C37"],
  title:
    "a worker of an ordered subscription whose connection is cut and restored reports that it receives, whether another has taken over or not",
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
    context.tolerate("duplicates", "skipped-attempts", "repeated-attempts");
    const cut = await context.open({ throughProxy: true });
    const first = await context.collect(cut, subscription);
    const [alone] = await context.publish(direct, topic, 1);
    await first.completes([alone?.id ?? ""]);
    const second = await context.collect(direct, subscription);

    // Cut once for as long as the other worker needs to take over, and then once more, whether it is active or
    // stand-by by then.
    for (const takesOver of [true, false]) {
      await proxy.cut();
      if (takesOver) {
        const [meanwhile] = await context.publish(direct, topic, 1);
        await second.completes([meanwhile?.id ?? ""], 2 * RECOVERY_MS);
      }
      await context.eventually(
        () => cut.health().status !== "up",
        "health not to say up while the line is cut",
        RECOVERY_MS,
      );
      await proxy.heal();
      await receives(context, cut, "the worker whose line was cut");
      await receives(context, direct, "the other worker");
    }

    const sent = await context.publish(direct, topic, 20);
    await completedByEither(
      context,
      [first, second],
      sent.map(({ id }) => id),
    );
    context.assertNothingLost(topic, subscription);
    context.assertKeyOrder(subscription, { ignoreCompleted: true });
  },
});

async function receives(context: Context, pubsub: PubSub, whose: string): Promise<void> {
  await context.eventually(
    () => pubsub.health().status === "up" && pubsub.health().subscriptions.every(({ state }) => state === "receiving"),
    () => `health of ${whose} to say up and receiving; it says ${JSON.stringify(pubsub.health())}`,
    RECOVERY_MS,
  );
}

async function completedByEither(
  context: Context,
  workers: readonly Collector[],
  ids: readonly string[],
): Promise<void> {
  const missing = (): number => {
    const completed = new Set(workers.flatMap((worker) => worker.ids));
    return ids.filter((id) => !completed.has(id)).length;
  };
  await context.eventually(
    () => missing() === 0,
    () => `${ids.length} completions by either worker; ${missing()} are missing`,
    2 * RECOVERY_MS,
  );
}
