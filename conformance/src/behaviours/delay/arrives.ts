import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying } from "../../delaying.ts";
import { equal, equalAttributes, equalBytes, within } from "../../expect.ts";

const DELAY_MS = 2500;

export const arrives: Behaviour = behaviour({
  id: "delay.arrives",
  rows: [1, 4],
  statements: ["C2", "C3", "C40"],
  title:
    "a due message reaches every subscription that exists then, also those created after the call, with its id, body and attributes",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, {}, delaying(context));
    const collector = await context.collect(pubsub, subscription);
    const beforeMs = Date.now();
    const attributes = { kind: "later", "x-death": "mine", empty: "", "name with ü": "✓" };
    const options = { attributes, delayMs: DELAY_MS };
    const sent = await Promise.all([
      context.publishItem(pubsub, topic, context.item(), options),
      context.publishItem(pubsub, topic, context.item(), { ...options, id: `chosen-${context.name()}` }),
    ]);
    const younger = context.subscription(topic);
    await pubsub.apply([younger]);
    const second = await context.collect(pubsub, younger);

    const ids = sent.map(({ id }) => id);
    await Promise.all([collector, second].map((one) => one.completes(ids, DELAY_MS + context.deliveryMs)));
    await context.quiet();

    for (const one of [collector, second]) {
      for (const { id, item } of sent) {
        const [received, ...more] = one.runsOf(id);
        equal(more.length, 0, "further deliveries of a scheduled message");
        equal(received?.item, item, "a scheduled event");
        equalAttributes(received?.context.attributes ?? {}, attributes, "a scheduled message's attributes");
        equalBytes(
          received?.context.body ?? new Uint8Array(),
          Buffer.from(JSON.stringify(item)),
          "a scheduled message's body",
        );
        equal(received?.attempt, 1, "a scheduled message's attempt");
        // Some brokers tell when the message became due.
        within(
          received?.context.publishTime.getTime() ?? Number.NaN,
          { min: beforeMs - 1000, max: Date.now() + 1000 },
          "a scheduled message's publish time",
        );
      }
    }
  },
});
