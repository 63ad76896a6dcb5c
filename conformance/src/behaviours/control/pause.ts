import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

/** The same promise as for `close`: another worker has them within two seconds. */
const HANDOVER_MS = 2000;

export const pause: Behaviour = behaviour({
  id: "control.pause",
  rows: [10, 36],
  statements: ["C12", "C37", "C42"],
  title:
    "a paused worker releases at once what has not started, spends no attempt where the broker allows, and gets nothing until it is resumed",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    let free = false;
    const paused = await context.collect(pubsub, subscription, {
      maxConcurrency: 1,
      prefetch: 50,
      handle: () => context.eventually(() => free, "permission to continue"),
    });
    const sent = await context.publish(pubsub, topic, 30);
    await paused.starts(1);
    await context.quiet();
    const heir = await context.collect(await context.open(), subscription);

    const pausedMs = monotonicMs();
    await context.within(paused.worker.pause(), "pause to resolve while a handler runs");
    equal(paused.worker.health().state, "paused", "the state of a paused worker");
    equal(pubsub.health().status, "up", "health().status while a worker is paused");
    const rest = sent.map(({ id }) => id).filter((id) => id !== paused.received[0]?.id);
    await heir.completes(rest);
    within(
      (heir.completed.at(-1)?.atMs ?? Infinity) - pausedMs,
      { max: HANDOVER_MS + context.lateMs },
      "the ms until the other worker had them all",
    );
    await context.within(paused.worker.pause(), "a second pause to resolve");
    free = true;
    const later = (await context.publish(pubsub, topic, 5)).map(({ id }) => id);
    await heir.completes(later);
    await context.quiet();
    sameMembers(heir.ids, [...rest, ...later], "what the other worker completed");
    equal(paused.ids, [paused.received[0]?.id], "what the paused worker completed");
    if (context.capabilities.attempts === "exact") {
      equal(new Set(heir.received.map(({ attempt }) => attempt)), new Set([1]), "the attempts at the other worker");
    }

    await heir.close();
    await context.within(pubsub.resume(subscription), "resume to resolve");
    equal(paused.worker.health().state, "receiving", "the state after resume");
    const last = (await context.publish(pubsub, topic, 5)).map(({ id }) => id);
    await paused.completes(last);
  },
});
