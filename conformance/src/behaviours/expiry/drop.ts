import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, sameMembers } from "../../expect.ts";

const HOUR_MS = 3_600_000;

export const drop: Behaviour = behaviour({
  id: "expiry.drop",
  rows: [5, 34],
  statements: ["C41"],
  title: "no handler starts for a message whose time has passed, and none is dropped before its time",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({ maxConcurrency: 1 });
    let free = false;
    const collector = await context.collect(pubsub, subscription, {
      prefetch: 10,
      handle: () => context.eventually(() => free, "permission to continue", 2 * context.deliveryMs),
    });
    const [blocker] = await context.publish(pubsub, topic, 1);
    await collector.starts(1);

    const laterMs = Date.now() + HOUR_MS;
    const soon = new Date(Date.now() + 300);
    const doomed = await context.publish(pubsub, topic, 2, { expiresAt: soon, attributes: { color: "red" } });
    const past = await context.publish(pubsub, topic, 1, { expiresAt: new Date(Date.now() - HOUR_MS) });
    const alive = await context.publish(pubsub, topic, 2, {
      expiresAt: new Date(laterMs),
      attributes: { color: "blue" },
    });
    await context.eventually(() => Date.now() > soon.getTime(), "the time of expiry to pass");
    free = true;

    const ids = alive.map(({ id }) => id);
    await collector.completes(ids);
    const gone = [...doomed, ...past].map(({ id }) => id);
    const skipped = (): readonly string[] => context.log.observed("skipped").map(({ id }) => id);
    await context.eventually(() => skipped().length >= gone.length, "the observer to be told of what has expired");
    await context.quiet();
    sameMembers(skipped(), gone, "what was skipped");
    equal(new Set(context.log.observed("skipped").map(({ reason }) => reason)), new Set(["expired"]), "the reasons");
    sameMembers(collector.ids, [blocker?.id ?? "", ...ids], "what was handled");
    for (const id of ids) {
      const seen = collector.runsOf(id)[0]?.context;
      equal(seen?.expiresAt, new Date(laterMs), "context.expiresAt");
      equal({ ...seen?.attributes }, { color: "blue" }, "the attributes, without ours");
    }
    equal(collector.runsOf(blocker?.id ?? "")[0]?.context.expiresAt, undefined, "expiresAt of one that never expires");
    check((await pubsub.deadLetters(subscription).count()) === 0, "no dead letter");
  },
});
