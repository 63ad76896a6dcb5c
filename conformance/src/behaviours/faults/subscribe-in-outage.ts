import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const subscribeInOutage: Behaviour = behaviour({
  id: "faults.subscribe-in-outage",
  rows: [43],
  statements: ["C24"],
  title: "a worker that is opened while the connection is cut starts when it is restored",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const { pubsub: direct, topic, subscription } = await context.pair();
    const pubsub = await context.open({ throughProxy: true, provisioning: "off" });
    await proxy.cut();
    await context
      .eventually(() => pubsub.health().connection !== "up", "the loss to be noticed", 60_000)
      .catch(() => undefined);

    let outcome = "pending";
    const opening = context.collect(pubsub, subscription).then(
      (collector) => {
        outcome = "open";
        return collector;
      },
      (error: unknown) => {
        outcome = String(error);
        throw error;
      },
    );
    opening.catch(() => undefined);
    await context.work(1500);
    equal(outcome, "pending", "the state of subscribe while the line is cut");
    await proxy.heal();

    const collector = await context.within(opening, "subscribe to resolve", 60_000);
    const sent = await context.publish(direct, topic, 5);
    await collector.completes(sent.map(({ id }) => id));
  },
});
