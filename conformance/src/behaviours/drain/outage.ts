import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

export const outage: Behaviour = behaviour({
  id: "drain.outage",
  rows: [33],
  statements: ["C24", "C46"],
  title:
    "drain does not take a lost connection for an empty subscription: it waits for the repair, and handles the rest",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    const { pubsub: publisher, topic, subscription } = await context.pair({ ackDeadlineMs: context.shortLeaseMs });
    const pubsub = await context.open({ throughProxy: true });
    const handled: string[] = [];
    let hasEnded = false;
    const draining = pubsub.drain(subscription, (_, { id }) => void handled.push(id), {
      untilIdleMs: 2 * context.quietMs,
      signal: context.signal,
    });
    const note = (): unknown => (hasEnded = true);
    draining.then(note, note);
    await context.publish(publisher, topic, 3);
    await context.eventually(() => handled.length >= 3, "the first messages to be handled");

    await proxy.cut();
    await context.publish(publisher, topic, 3);
    // Longer than any driver needs to notice, and than drain waits when it is idle.
    await context.quiet(2 * context.quietMs + 15_000);
    check(!hasEnded, "drain to wait until the line is repaired");
    await proxy.heal();

    await context.eventually(() => new Set(handled).size === 6, "the rest to be handled", 60_000);
    const result = await context.within(draining, "drain to end", 4 * context.quietMs + context.deliveryMs);
    equal(result.endedBy, "idle", "why drain has ended");
  },
});
