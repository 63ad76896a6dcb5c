import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying, dueLateMs } from "../../delaying.ts";
import { sameMembers, within } from "../../expect.ts";

const DELAY_MS = 400;
/** More than any broker may have under way unconfirmed. */
const MESSAGES = 60;

export const withoutSubscription: Behaviour = behaviour({
  id: "delay.without-subscription",
  rows: [4, 5],
  statements: ["C7", "C40"],
  title:
    "messages that become due while the topic has no subscription are dropped, and hold up nothing that is due later",
  tier: "full",
  async run(context) {
    const pubsub = await context.open(delaying(context));
    const topic = context.topic();
    const later = context.subscription(topic);
    await pubsub.apply([topic]);
    // The first scheduled publish also creates what the broker needs for it.
    await context.publish(pubsub, topic, MESSAGES, { delayMs: DELAY_MS });
    await context.quiet(DELAY_MS + dueLateMs(context));
    await pubsub.apply([later]);
    const collector = await context.collect(pubsub, later);
    const calledMs = performance.now();
    const { id } = await context.publishItem(pubsub, topic, context.item(), { delayMs: DELAY_MS });
    await collector.completes([id]);
    within(
      (collector.runsOf(id)[0]?.atMs ?? Infinity) - calledMs,
      { max: DELAY_MS + dueLateMs(context) },
      "the ms until a message arrived that was scheduled after those",
    );
    await context.quiet();
    sameMembers(collector.ids, [id], "the messages that arrived");
  },
});
