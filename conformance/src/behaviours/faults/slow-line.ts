import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const slowLine: Behaviour = behaviour({
  id: "faults.slow-line",
  rows: [20],
  statements: ["C5", "C24"],
  title: "a connection with 150 ms of delay each way is slow and breaks nothing",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const { topic, subscription } = await context.pair();
    const pubsub = await context.open({ throughProxy: true });
    await proxy.delay(150);

    const collector = await context.collect(pubsub, subscription);
    const sent = await context.publish(pubsub, topic, 300);

    await collector.completes(
      sent.map(({ id }) => id),
      60_000,
    );
    await context.quiet();
    equal(collector.received.length, 300, "handler runs");
  },
});
