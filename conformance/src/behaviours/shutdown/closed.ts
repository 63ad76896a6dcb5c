import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, rejects } from "../../expect.ts";

export const closed: Behaviour = behaviour({
  id: "shutdown.closed",
  rows: [14],
  statements: ["C23", "C28"],
  title: "after close every operation rejects with CLOSED, close itself can be called again, and health says down",
  tier: "smoke",
  withoutSaboteur:
    "after close core answers by itself, even when the driver fails to close or reports that it is up again: see core/test/close-bound.test.ts and core/test/worker-life.test.ts",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    await context.publish(pubsub, topic, 1);
    const letters = pubsub.deadLetters(subscription);

    await pubsub.close();
    await Promise.all([pubsub.close(), pubsub.close(), collector.close()]);
    await collector.worker.closed;

    for (const [what, call] of [
      ["publish", () => pubsub.publish(topic, context.item())],
      ["publish to a topic that was never used", () => pubsub.publish(context.topic(), context.item())],
      ["subscribe", () => pubsub.subscribe(subscription, () => undefined)],
      ["the first delivery", () => pubsub.deliveries(subscription).next()],
      ["counting dead letters", () => letters.count()],
      ["peeking at dead letters", () => pubsub.deadLetters(subscription).peek()],
      ["redrive", () => letters.redrive()],
      ["purge", () => letters.purge()],
      ["plan", () => pubsub.plan([topic])],
      ["apply", () => pubsub.apply([topic])],
      ["destroy", () => pubsub.destroy([topic])],
    ] as const) {
      await rejects(call(), "CLOSED", `${what} after close`);
    }
    const [entry] = await pubsub
      .publishBatch(topic, [{ event: context.item() }])
      .catch((error: unknown) => [{ ok: false as const, error }]);
    equal(
      [entry?.ok, entry?.ok === false && (entry.error as { code?: string }).code],
      [false, "CLOSED"],
      "an entry of publishBatch after close",
    );
    equal(pubsub.health().status, "down", "health().status");
  },
});
