import { behaviour, ordered, type Behaviour } from "../../behaviour.ts";
import { equal } from "../../expect.ts";

export const headBlocksKey: Behaviour = behaviour({
  id: "ordering.head-blocks-key",
  rows: [9],
  statements: ["C20"],
  title: "while a message is handled its successors wait, also at a second worker, and other keys continue",
  tier: "smoke",
  requires: ordered,
  async run(context) {
    const pubsub = await context.open();
    const topic = context.orderedTopic();
    const subscription = context.subscription(topic);
    await pubsub.apply([subscription]);
    let free = false;
    const handle = ({ item }: { readonly item: { readonly key: string } }): unknown =>
      item.key === "stuck"
        ? context.eventually(() => free, "permission to continue", context.deliveryMs * 2)
        : undefined;
    const workers = [
      await context.collect(pubsub, subscription, { handle }),
      await context.collect(await context.open(), subscription, { handle }),
    ];
    const received = (): number => workers.reduce((sum, worker) => sum + worker.received.length, 0);
    const completed = (): number => workers.reduce((sum, worker) => sum + worker.completed.length, 0);

    await context.publish(pubsub, topic, 5, { key: () => "stuck" });
    await context.eventually(() => received() > 0, "the head to start");
    await context.publish(pubsub, topic, 40, { key: (index) => `free-${index % 8}` });
    await context.eventually(
      () => completed() === 40,
      () => `40 messages of other keys; ${completed()} are done`,
    );
    await context.quiet();

    equal(received(), 41, "handler runs while the head is stuck");
    free = true;
    await context.eventually(() => completed() === 45, "the rest");
    context.assertKeyOrder(subscription);
  },
});
