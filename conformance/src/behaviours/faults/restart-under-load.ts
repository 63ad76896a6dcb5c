import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, within } from "../../expect.ts";
import { durableTopology } from "./durable-topology.ts";

const MESSAGES = 900;
const SENDERS = 30;

export const restartUnderLoad: Behaviour = behaviour({
  id: "faults.restart-under-load",
  rows: [19, 40, 46],
  statements: ["C1", "C11", "C24"],
  title:
    "the broker is killed and restarted at a third and at half of the load: nothing accepted is lost, workers continue by themselves",
  tier: "faults",
  needs: ["restart"],
  requires: outsideThisProcess,
  timeoutMs: 300_000,
  async run(context) {
    const { broker } = context.harness;
    check(broker !== undefined, "harness.broker");
    const { pubsub, topic, subscription } = await context.pair(
      { maxConcurrency: 10 },
      {},
      { publish: { timeoutMs: 5000 } },
    );
    // A publish whose answer was lost may be stored twice, and its second copy counts from 1.
    context.tolerate("duplicates", "repeated-attempts");
    // A message that was on its way to a worker when the broker died has spent an attempt.
    if (context.capabilities.attempts === "includes-unstarted") context.tolerate("skipped-attempts");
    await durableTopology(context);
    const workers = [
      await context.collect(pubsub, subscription, { prefetch: 10 }),
      await context.collect(await context.open(), subscription, { prefetch: 10 }),
    ];
    const items = Array.from({ length: MESSAGES }, () => context.item());
    const kills = [Math.floor(MESSAGES / 3), Math.floor(MESSAGES / 2)];
    const accepted: string[] = [];
    let restarting: Promise<void> | undefined;
    const sender = async (): Promise<void> => {
      for (let item = items.shift(); item !== undefined; item = items.shift()) {
        accepted.push((await context.publishUntilAccepted(pubsub, topic, item)).id);
        if (accepted.length >= (kills[0] ?? Infinity)) {
          kills.shift();
          restarting = broker.kill().then(() => broker.start());
        }
      }
    };

    await Promise.all(Array.from({ length: SENDERS }, sender));
    await restarting;

    const completed = (): Set<string> => new Set(workers.flatMap(({ ids }) => ids));
    await context.eventually(
      () => completed().size >= MESSAGES,
      () => `${MESSAGES} completions; there are ${completed().size}`,
      120_000,
    );
    await context.quiet();
    context.assertNothingLost(topic, subscription);
    check(accepted.length === MESSAGES, "every message to be accepted in the end");
    if (context.capabilities.ack === "confirmed") {
      // The messages that two workers held at each kill, and publishes whose answer was lost.
      const again = workers.reduce((sum, worker) => sum + worker.completed.length, 0) - MESSAGES;
      within(again, { max: 2 * (2 * 20 + SENDERS) }, "completions beyond the first of each message");
    }
  },
});
