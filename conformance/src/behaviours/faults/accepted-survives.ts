import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";
import { durableTopology } from "./durable-topology.ts";

export const acceptedSurvives: Behaviour = behaviour({
  id: "faults.accepted-survives",
  rows: [19, 40],
  statements: ["C1", "C7"],
  title: "messages that the broker has accepted survive when it is killed right afterwards",
  tier: "faults",
  needs: ["restart"],
  requires: outsideThisProcess,
  async run(context) {
    const { broker } = context.harness;
    check(broker !== undefined, "harness.broker");
    const { pubsub, topic, subscription } = await context.pair();
    await durableTopology(context);
    const sent = await context.publish(pubsub, topic, 300);

    await broker.kill();
    await broker.start();

    const collector = await context.collect(await context.open(), subscription);
    await collector.completes(
      sent.map(({ id }) => id),
      60_000,
    );
    await context.quiet();
    equal(collector.received.length, 300, "handler runs");
  },
});
