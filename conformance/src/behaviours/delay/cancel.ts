import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying } from "../../delaying.ts";
import { equal, sameMembers } from "../../expect.ts";

const DELAY_MS = 3000;
const MESSAGES = 6;

export const cancel: Behaviour = behaviour({
  id: "delay.cancel",
  rows: [5],
  statements: ["C40"],
  title: "a cancelled message is never delivered, and cancelling too late or an unknown id says so",
  tier: "full",
  requires: ({ publishDelay }) =>
    publishDelay === "store" || publishDelay.cancel
      ? undefined
      : "publishDelay.cancel false: refused, see delay.refused",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, {}, delaying(context));
    const collector = await context.collect(pubsub, subscription);
    const sent = await context.publish(pubsub, topic, MESSAGES, { delayMs: DELAY_MS });
    const ids = sent.map(({ id }) => id);
    const [cancelled, kept] = [ids.filter((_, index) => index % 2 === 0), ids.filter((_, index) => index % 2 !== 0)];
    equal(
      await Promise.all(cancelled.map((id) => pubsub.cancel(topic, id))),
      cancelled.map(() => true),
      "what cancel says of messages that wait",
    );
    equal(await pubsub.cancel(topic, cancelled[0] ?? ""), false, "what cancel says the second time");
    equal(await pubsub.cancel(topic, "nobody-knows-this"), false, "what cancel says of an unknown id");
    await collector.completes(kept, DELAY_MS + context.deliveryMs);
    equal(await pubsub.cancel(topic, kept[0] ?? ""), false, "what cancel says of a message that was delivered");
    await context.quiet();
    sameMembers(collector.ids, kept, "the messages that arrived");
  },
});
