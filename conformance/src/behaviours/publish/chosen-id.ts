import { randomUUID } from "node:crypto";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers } from "../../expect.ts";

export const chosenId: Behaviour = behaviour({
  id: "publish.chosen-id",
  rows: [1],
  statements: ["C2"],
  title: "an id chosen by the caller is returned, and seen on every attempt and every subscription",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription: first } = await context.pair();
    const second = context.subscription(topic);
    await pubsub.apply([second]);
    const handle = ({ attempt }: { readonly attempt: number }): void => {
      if (attempt < 3) throw new Error("not yet");
    };
    const collectors = [
      await context.collect(pubsub, first, { handle }),
      await context.collect(pubsub, second, { handle }),
    ];
    const id = `order/${randomUUID()}~!"#$%&'()*+,-.:;<=>?@[]^_{|}`;

    const sent = await context.publishItem(pubsub, topic, context.item(), { id });

    equal(sent.id, id, "the returned id");
    for (const collector of collectors) {
      await collector.completes([id]);
      sameMembers(
        collector.received.map((received) => received.id),
        [id, id, id],
        "the ids of three attempts",
      );
    }
  },
});
