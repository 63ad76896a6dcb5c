import { behaviour, exactlyOnce, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal, sameMembers } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

/** Much longer than a redelivery takes, so that a claim that is not released is noticed. */
const LEASE_MS = 60_000;

/** How long a client may take to see that its connection has ended, in ms. */
const NOTICED_MS = 5000;

/** What a handler that obeys its signal does. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

export const givenUp: Behaviour = behaviour({
  id: "exactly-once.given-up",
  rows: [31, 36],
  statements: ["C21", "C36"],
  title:
    "handlers that close abandons and that obey their signal release their claims: another worker runs the messages at once",
  tier: "full",
  requires: exactlyOnce,
  async run(context) {
    const ackDeadlineMs = Math.min(LEASE_MS, context.capabilities.ackDeadline.maxMs);
    const { inbox } = context;
    const { pubsub, topic, subscription } = await context.pair(
      { ackDeadlineMs },
      { deliveryGuarantee: "exactly-once" },
      { inbox },
    );
    // They are released at close, so the broker counts them as not started.
    context.tolerate("repeated-attempts");
    const first = await context.collect(pubsub, subscription, {
      maxConcurrency: 5,
      handle: ({ context: { signal } }) => untilAborted(signal),
    });
    const sent = await context.publish(pubsub, topic, 5);
    await first.starts(5);
    await first.close({ timeoutMs: 100 });

    const heir = await context.collect(await context.open({ inbox }), subscription, { maxConcurrency: 1 });
    // Within the usual time of a message, much shorter than the lease of a claim that was not released.
    await heir.completes(sent.map(({ id }) => id));
    equal(heir.completed.length, 5, "completions");
  },
});

export const cutGivenUp: Behaviour = behaviour({
  id: "faults.exactly-once-claims",
  rows: [20, 31],
  statements: ["C21", "C36"],
  title:
    "after a lost connection the messages of an exactly-once topic are handled at once, not when their claims expire",
  tier: "faults",
  needs: ["proxy"],
  requires: (capabilities) => exactlyOnce(capabilities) ?? outsideThisProcess(capabilities),
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const ackDeadlineMs = Math.min(LEASE_MS, context.capabilities.ackDeadline.maxMs);
    const { topic, subscription } = await context.pair({ ackDeadlineMs }, { deliveryGuarantee: "exactly-once" });
    context.tolerate("skipped-attempts", "repeated-attempts");
    const pubsub = await context.open({ throughProxy: true });
    const { promise: mended, resolve: goOn } = Promise.withResolvers<void>();
    let aborted = 0;
    const collector = await context.collect(pubsub, subscription, {
      maxConcurrency: 3,
      handle({ context: { signal } }) {
        signal.addEventListener("abort", () => (aborted += 1));
        return Promise.race([untilAborted(signal), mended]);
      },
    });
    const sent = await context.publish(await context.open(), topic, 6);
    await collector.starts(3);
    // What is still on its way when the line is cut may wait for the end of its lease, which is not the matter here.
    await context.quiet();

    await proxy.cut();
    await proxy.heal();
    // If a delivery outlives its connection, nothing aborts, and the handlers just continue.
    const endMs = monotonicMs() + NOTICED_MS;
    await context.eventually(() => aborted >= 3 || monotonicMs() > endMs, "handlers to be abandoned, or not");
    goOn();

    await collector.completes(
      sent.map(({ id }) => id),
      ackDeadlineMs / 2,
    );
    await context.quiet();
    sameMembers(
      collector.ids,
      sent.map(({ id }) => id),
      "what was completed",
    );
  },
});
