import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const deletedSubscription: Behaviour = behaviour({
  id: "life.deleted-subscription",
  rows: [15, 43],
  statements: ["C24", "C37"],
  title:
    "when its subscription is deleted a worker says so in health and to the observer; when it is back, it receives by itself",
  tier: "full",
  timeoutMs: 240_000,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const admin = await context.open();
    const collector = await context.collect(pubsub, subscription);
    const [first] = await context.publish(pubsub, topic, 1);
    await collector.completes([first?.id ?? ""]);

    await admin.destroy([subscription]);

    const own = () => pubsub.health().subscriptions.find((one) => one.subscription === subscription.name);
    await context.eventually(
      () => own()?.state === "failing",
      () => `health to say "failing"; it says ${own()?.state}`,
      3 * context.deliveryMs,
    );
    equal(own()?.error?.code, "NOT_FOUND", "the error's code in health");
    equal(pubsub.health().status, "degraded", "the status in health");
    equal(context.log.observed("failing")[0]?.error.code, "NOT_FOUND", "the error's code at the observer");

    await admin.apply([topic, subscription]);
    await context.eventually(
      () => own()?.state === "receiving",
      () => `health to say "receiving" again; it says ${own()?.state}`,
      5 * context.deliveryMs,
    );
    const [second] = await context.publish(admin, topic, 1);
    await collector.completes([second?.id ?? ""]);
    equal(pubsub.health().status, "up", "the status in health in the end");
  },
});
