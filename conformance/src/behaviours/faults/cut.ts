import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

const MESSAGES = 300;

export const cut: Behaviour = behaviour({
  id: "faults.cut",
  rows: [20, 40],
  statements: ["C1", "C24", "C30"],
  title:
    "when the connection is cut, publishes reject and health says so; when it is restored, everything continues by itself",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const { topic, subscription } = await context.pair({ maxConcurrency: 10 });
    context.tolerate("duplicates", "skipped-attempts");
    const pubsub = await context.open({ throughProxy: true, publish: { timeoutMs: 3000 } });
    const collector = await context.collect(pubsub, subscription, { handle: () => context.work(2) });
    const before = await context.publish(pubsub, topic, MESSAGES);
    await collector.starts(20);

    await proxy.cut();
    const during = Array.from({ length: 20 }, () =>
      context.publishItem(pubsub, topic, context.item()).then(
        () => "accepted",
        (error: unknown) => (error as { code?: string }).code,
      ),
    );
    const answers = await context.within(Promise.all(during), "every publish to be answered", 10_000);
    for (const answer of answers)
      check(
        answer === "UNAVAILABLE" || answer === "TIMEOUT",
        `UNAVAILABLE or TIMEOUT while the line is cut, got ${answer}`,
      );
    await context.eventually(() => pubsub.health().status !== "up", "health not to say up");
    await proxy.heal();

    await context.eventually(
      () => pubsub.health().status === "up",
      () => `health to say up again; it says ${JSON.stringify(pubsub.health())}`,
      60_000,
    );
    const after = await context.publish(pubsub, topic, 20);
    await collector.completes(
      [...before, ...after].map(({ id }) => id),
      90_000,
    );
    context.assertNothingLost(topic, subscription);
    const states = context.log.observed("connection").map(({ state }) => state);
    check(
      states.length >= 2 && states[0] !== "up" && states.at(-1) === "up",
      `the observer to hear of loss and return, it heard ${states.join(", ")}`,
    );
    equal(
      pubsub.health().subscriptions.map(({ state }) => state),
      ["receiving"],
      "the state of the subscription in health",
    );
  },
});
