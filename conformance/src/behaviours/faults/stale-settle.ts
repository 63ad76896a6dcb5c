import type { Delivery } from "@anytopic/core";
import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";
import type { Item } from "../../item.ts";

export const staleSettle: Behaviour = behaviour({
  id: "faults.stale-settle",
  rows: [41],
  statements: ["C13"],
  title:
    "a delivery from before a reconnect is settled truly or refused with LEASE_LOST, and never settles another message",
  tier: "faults",
  needs: ["proxy"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    // Longer than the connection is cut, so that a lease that outlives its connection is still ours.
    const ackDeadlineMs = Math.max(10_000, context.capabilities.ackDeadline.minMs);
    const { pubsub: direct, topic, subscription } = await context.pair({ ackDeadlineMs });
    context.tolerate("duplicates", "repeated-attempts");
    const pubsub = await context.open({ throughProxy: true });
    await context.publish(pubsub, topic, 6);
    const old: Delivery<Item>[] = [];
    const deliveries = pubsub.deliveries(subscription, { maxConcurrency: 3, prefetch: 0 });
    for (let count = 0; count < 3; count += 1) {
      const { value } = await context.within(deliveries.next(), "a delivery");
      if (value !== undefined) old.push(value);
    }

    await proxy.cut();
    await context.eventually(() => pubsub.health().connection !== "up", "the loss to be noticed", 60_000);
    await proxy.heal();
    await context.eventually(
      () => pubsub.health().status === "up",
      () => `health to say up; it says ${JSON.stringify(pubsub.health())}`,
      60_000,
    );

    const acked = new Set<string>();
    const refused = new Set<string>();
    for (const delivery of old) {
      const outcome = await delivery.ack().catch((error: unknown) => (error as { code?: string }).code);
      check(outcome === "settled" || outcome === "LEASE_LOST", `"settled" or LEASE_LOST, got ${outcome}`);
      (outcome === "settled" ? acked : refused).add(delivery.id);
      const second = await delivery.ack().catch((error: unknown) => (error as { code?: string }).code);
      check(
        second === "already-settled" || second === "LEASE_LOST",
        `a second ack to do nothing and say so, got ${second}`,
      );
    }
    await deliveries[Symbol.asyncDispose]();

    const collector = await context.collect(direct, subscription);
    const others = await context.publish(direct, topic, 5);
    await collector.completes(
      others.map(({ id }) => id),
      ackDeadlineMs + 60_000,
    );
    const unsettled = context.log.entries.flatMap((entry) =>
      entry.type === "publish-ok" && !acked.has(entry.id) ? [entry.id] : [],
    );
    await collector.completes(unsettled, ackDeadlineMs + 60_000);
    await context.quiet(ackDeadlineMs + context.quietMs);
    for (const id of acked)
      equal(collector.runsOf(id).length, 0, "later runs of a message whose ack was said to have settled it");
    for (const id of refused)
      check(collector.runsOf(id).length > 0, "a message whose ack was refused to be redelivered");
  },
});
