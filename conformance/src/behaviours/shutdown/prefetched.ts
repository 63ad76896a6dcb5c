import { behaviour, type Behaviour } from "../../behaviour.ts";
import { equal, sameMembers, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

/** The contract's promise: another worker has them within two seconds. */
const HANDOVER_MS = 2000;

export const prefetched: Behaviour = behaviour({
  id: "shutdown.prefetched",
  rows: [10, 36, 46],
  statements: ["C12", "C23"],
  title:
    "messages that were fetched and not started are released at once on close, and spend no attempt where the broker allows",
  tier: "smoke",
  async run(context) {
    const { pubsub, topic, subscription } = await context.pair();
    let free = false;
    const hoarder = await context.collect(pubsub, subscription, {
      maxConcurrency: 1,
      prefetch: 50,
      handle: () => context.eventually(() => free, "permission to continue"),
    });
    const sent = await context.publish(pubsub, topic, 30);
    await hoarder.starts(1);
    await context.quiet();
    const other = await context.open();

    const closing = hoarder.close();
    const closedMs = monotonicMs();
    const heir = await context.collect(other, subscription);
    const rest = sent.map(({ id }) => id).filter((id) => id !== hoarder.received[0]?.id);
    await heir.completes(rest);

    within(
      (heir.completed.at(-1)?.atMs ?? Infinity) - closedMs,
      { max: HANDOVER_MS + context.lateMs },
      "the ms until the heir had them all",
    );
    free = true;
    await closing;
    await context.quiet();
    sameMembers(heir.ids, rest, "what the heir completed");
    if (context.capabilities.attempts === "exact") {
      equal(new Set(heir.received.map(({ attempt }) => attempt)), new Set([1]), "the attempts at the heir");
    }
  },
});
