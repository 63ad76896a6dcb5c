import { behaviour, type Behaviour } from "../../behaviour.ts";
import { delaying, dueLateMs } from "../../delaying.ts";
import { within } from "../../expect.ts";

const MESSAGES = 1000;
const SHORTEST_MS = 3000;
const LONGEST_MS = 9000;
const ORDINARY = 50;

export const many: Behaviour = behaviour({
  id: "delay.many",
  rows: [5, 27],
  statements: ["C14", "C40"],
  title:
    "a thousand messages with different delays hold up neither each other nor other messages, the longest scheduled first",
  tier: "full",
  timeoutMs: 180_000,
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair({}, {}, delaying(context));
    const collector = await context.collect(pubsub, subscription, { maxConcurrency: 100 });
    await context.publishItem(pubsub, topic, context.item(), { delayMs: 1 });
    // Far longer than all others: whoever waits behind it is found out.
    const last = await context.publishItem(pubsub, topic, context.item(), { delayMs: 3_600_000 });
    const stepMs = (LONGEST_MS - SHORTEST_MS) / MESSAGES;
    const delays = Array.from({ length: MESSAGES }, (_, index) => Math.round(LONGEST_MS - index * stepMs));
    const due = new Map<string, number>();
    await Promise.all(
      delays.map(async (delayMs) => {
        const { id } = await context.publishItem(pubsub, topic, context.item(), { delayMs });
        due.set(id, performance.now() + delayMs);
      }),
    );
    const ordinary = await context.publish(pubsub, topic, ORDINARY);
    await collector.completes(
      ordinary.map(({ id }) => id),
      context.deliveryMs,
    );
    await collector.completes([...due.keys()], LONGEST_MS + context.deliveryMs);

    for (const [id, dueMs] of due) {
      const [received] = collector.runsOf(id);
      // The moment when the schedule was durable: the delay has begun before.
      within(
        (received?.atMs ?? Infinity) - dueMs,
        { max: dueLateMs(context) },
        "the ms by which one of many came late",
      );
    }
    within(collector.runsOf(last.id).length, { max: 0 }, "deliveries of the message that is due in an hour");
  },
});
