import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying, dueLateMs } from "../../delaying.ts";
import { equal, within } from "../../expect.ts";

const MESSAGES = 40;
const LONGEST_MS = 4000;

export const neverEarly: Behaviour = behaviour({
  id: "delay.never-early",
  rows: [5, 27],
  statements: ["C40"],
  title: "messages with many different delays and times each arrive once, never before they are due and not much later",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, {}, delaying(context));
    const arrivedMs = new Map<string, { readonly wallMs: number; readonly atMs: number }>();
    const collector = await context.collect(pubsub, subscription, {
      handle: ({ id, atMs }) => arrivedMs.set(id, { wallMs: Date.now(), atMs }),
    });
    // The first scheduled publish also creates what the broker needs for it.
    await context.publishItem(pubsub, topic, context.item(), { delayMs: 1 });

    const calls = Array.from({ length: MESSAGES }, async (_, index) => {
      const delayMs = context.random.integer(1, LONGEST_MS);
      const [calledMs, calledAtMs] = [Date.now(), performance.now()];
      const due = index % 2 === 0 ? { delayMs } : { deliverAt: new Date(calledMs + delayMs) };
      const { id } = await context.publishItem(pubsub, topic, context.item(), due);
      return { id, delayMs, dueMs: calledMs + delayMs, dueAtMs: calledAtMs + delayMs, isTime: index % 2 !== 0 };
    });
    const sent = await Promise.all(calls);
    await collector.completes(
      sent.map(({ id }) => id),
      LONGEST_MS + context.deliveryMs,
    );

    for (const { id, delayMs, dueMs, dueAtMs, isTime } of sent) {
      const runs = collector.runsOf(id);
      equal(runs.length, 1, "how often a scheduled message arrived");
      const arrived = arrivedMs.get(id);
      const early = isTime ? dueMs - (arrived?.wallMs ?? 0) : dueAtMs - (arrived?.atMs ?? 0);
      // One ms for the difference between this process's clocks.
      within(early, { max: 1 }, `the ms by which a message with a delay of ${delayMs} ms came too early`);
      within(-early, { max: dueLateMs(context) }, `the ms by which a message with a delay of ${delayMs} ms came late`);
    }
  },
});
