import { Reject } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const off: Behaviour = behaviour({
  id: "topology.off",
  rows: [24],
  statements: ["C27"],
  title: 'with provisioning "off", everything works on a topology that others created, without one admin call',
  tier: "smoke",
  async run(context) {
    const { pubsub: admin, topic, subscription } = await context.pair({ retryPolicy: { maxRetries: 1 } });
    await admin.close();
    const calls = context.traffic.adminCalls;
    const pubsub = await context.open({ provisioning: "off" });
    context.tolerate("repeated-attempts");
    let repaired = false;
    const collector = await context.collect(pubsub, subscription, {
      handle({ item }) {
        if (item.key === "rejected" && !repaired) throw new Reject("no");
      },
    });

    const sent = await context.publish(pubsub, topic, 4, { key: (index) => (index === 0 ? "rejected" : "fine") });
    const letters = pubsub.deadLetters(subscription);
    await context.eventually(async () => (await letters.count()) === 1, "a dead letter");
    repaired = true;
    await letters.redrive();
    await collector.completes(sent.map(({ id }) => id));
    await pubsub.close();

    equal(context.traffic.adminCalls, calls, "admin calls");
  },
});
