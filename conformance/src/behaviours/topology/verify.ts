import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, rejects } from "../../expect.ts";

export const verify: Behaviour = behaviour({
  id: "topology.verify",
  rows: [15, 24],
  statements: ["C27", "C28"],
  title: 'provisioning "verify" fails with the list of what is missing, creates nothing, and passes when all is there',
  tier: "smoke",
  async run(context) {
    const admin = await context.open();
    const topic = context.topic();
    const there = context.subscription(topic);
    const missing = context.subscription(topic);
    await admin.apply([there]);
    const [expected] = await admin.plan([missing]);
    check(expected !== undefined, "the plan to name the missing subscription");

    const pubsub = await context.open({ provisioning: "verify" });
    for (const [what, call] of [
      ["subscribing", () => context.collect(pubsub, missing)],
      [
        "connecting with the declaration",
        () => context.open({ provisioning: "verify", declarations: [topic, missing] }),
      ],
    ] as const) {
      const { message } = await rejects(call(), "NOT_FOUND", `${what} with provisioning "verify"`);
      check(message.includes(expected.resource), `the error to name ${expected.resource}: ${message}`);
    }

    equal((await admin.plan([missing]))[0], expected, "the plan afterwards: nothing was created");
    const collector = await context.collect(pubsub, there);
    const sent = await context.publish(pubsub, topic, 2);
    await collector.completes(sent.map(({ id }) => id));
  },
});
