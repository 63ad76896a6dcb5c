import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { delaying } from "../../delaying.ts";
import { check, within } from "../../expect.ts";
import { durableTopology } from "./durable-topology.ts";

const MESSAGES = 20;
/** Some are due while the broker is down, some after it is back. */
const DELAYS_MS = [4000, 15_000];
/** Counted from the moment when the broker answers again. */
const SOON_MS = 45_000;

export const scheduledSurvive: Behaviour = behaviour({
  id: "faults.scheduled-survive",
  rows: [19, 46],
  statements: ["C24", "C40"],
  title:
    "a scheduled message survives that the broker is killed, and is delivered when it is due, or soon after the broker is back",
  tier: "faults",
  needs: ["restart"],
  requires: outsideThisProcess,
  withoutSaboteur:
    "what a broker keeps when it is killed is the broker's own: see adapters/redis/test/scheduled.test.ts, and core/test/due-messages.test.ts for a store",
  timeoutMs: 180_000,
  async run(context) {
    const { broker } = context.harness;
    check(broker !== undefined, "harness.broker");
    const { pubsub, topic, subscription } = await context.pair({}, {}, delaying(context));
    // A message that is delivered or acknowledged while the broker dies is redelivered.
    context.tolerate("skipped-attempts", "repeated-attempts", "duplicates");
    const arrivedMs = new Map<string, number>();
    const collector = await context.collect(pubsub, subscription, {
      handle({ id }) {
        if (!arrivedMs.has(id)) arrivedMs.set(id, Date.now());
      },
    });
    // What is created for the first scheduled message must be as old as the other topology when the broker is killed.
    const first = await context.publishItem(pubsub, topic, context.item(), { delayMs: DELAYS_MS[1] ?? 0 });
    await durableTopology(context);
    const sent = await Promise.all(
      Array.from({ length: MESSAGES }, async (_, index) => {
        const dueMs = Date.now() + (DELAYS_MS[index % 2] ?? 0);
        const { id } = await context.publishItem(pubsub, topic, context.item(), { deliverAt: new Date(dueMs) });
        return { id, dueMs };
      }),
    );
    await broker.kill();
    await context.quiet(4000);
    await broker.start();
    await collector.completes([first.id, ...sent.map(({ id }) => id)], SOON_MS);
    for (const { id, dueMs } of sent)
      within((arrivedMs.get(id) ?? 0) - dueMs, { min: -1 }, "the ms after its time when a scheduled message arrived");
  },
});
