import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

/** The contract's promise: another worker has them within two seconds. */
const HANDOVER_MS = 2000;

export const unread: Behaviour = behaviour({
  id: "shutdown.unread",
  rows: [36],
  statements: ["C23"],
  title: "a pull iterator that nobody reads, or whose reader does not settle, closes, and its messages are released",
  tier: "full",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    const sent = await context.publish(pubsub, topic, 5);
    const deliveries = pubsub.deliveries(subscription);
    const first = await deliveries.next();
    equal(first.done, false, "whether the iteration ended at once");

    await context.within(deliveries[Symbol.asyncDispose](), "the iterator to close");
    equal((await deliveries.next()).done, true, "whether the iteration has ended");

    const collector = await context.collect(pubsub, subscription);
    await collector.completes(sent.map(({ id }) => id));
    await context.quiet();
    sameMembers(
      collector.ids,
      sent.map(({ id }) => id),
      "what a later worker completed",
    );
    await collector.close();

    // The same when the whole connection closes and waits for the delivery that was read.
    const going = await context.open();
    const reading = going.deliveries(subscription);
    const second = reading.next();
    const more = await context.publish(pubsub, topic, 5);
    const { value: held } = await context.within(second, "a delivery");
    await context.quiet();
    const closedMs = monotonicMs();
    const closing = going.close();
    const heir = await context.collect(pubsub, subscription);
    const rest = more.map(({ id }) => id).filter((id) => id !== held?.id);
    await heir.completes(rest);
    within(
      (heir.completed.at(-1)?.atMs ?? Infinity) - closedMs,
      { max: HANDOVER_MS + context.lateMs },
      "the ms until the next worker had the unread messages",
    );
    equal(await held?.ack(), "settled", "the settle of the one that was read");
    await context.within(closing, "the connection to close");
  },
});
